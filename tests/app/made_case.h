#pragma once

#include <string>

#include "precedent/casebase/types.h"

namespace precedent::tests {

/// An approved case on code S1 that may be shown.
inline casebase::Case madeCase(const std::string& id, const std::string& text, Disposition disposition)
{
    casebase::Case c;
    c.id = id;
    c.request = {{"user", text}};
    c.codes = {{"S1", true}};
    c.disposition = disposition;
    c.chain = "The code [S1] bears on it.";
    c.answer = "Here is what I can say.";
    c.status = casebase::CaseStatus::approved;
    return c;
}

} // namespace precedent::tests
