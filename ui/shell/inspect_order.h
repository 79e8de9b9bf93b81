#pragma once

#include <string>
#include <vector>

#include "precedent/base/domain.h"

namespace precedent::ui {

/// A request that another place hands to Inspect. What is empty is left as it is there.
struct InspectOrder {
    std::vector<Message> messages; ///< a system turn, if there is one, and the last user turn
    std::vector<std::string> models; ///< as resolveModel() takes them
    std::vector<Mode> modes;
    std::string promptId; ///< of the casebase's prompt, where the request is one: filing it burns it and its kin
};

} // namespace precedent::ui
