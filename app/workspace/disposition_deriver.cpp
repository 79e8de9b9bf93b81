#include "precedent/workspace/disposition_deriver.h"

#include "precedent/text/refusal_analysis.h"

namespace precedent::workspace {

casebase::DispositionDeriver analysisDeriver()
{
    const auto derive = [](std::string_view request, std::string_view answer) -> std::optional<Disposition> {
        switch (text::analyseAnswer(request, answer).verdict) {
        case Verdict::comply:
            return Disposition::comply;
        case Verdict::refuse:
            return Disposition::refuse;
        case Verdict::safeComplete:
            return Disposition::safeComplete;
        case Verdict::noAnswer:
            break;
        }
        return std::nullopt;
    };
    return {derive, text::analysisName()};
}

} // namespace precedent::workspace
