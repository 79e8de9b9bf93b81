#include "precedent/base/domain.h"

#include <array>

#include "precedent/base/enum_names.h"

namespace precedent {

const char* toString(Disposition value)
{
    switch (value) {
    case Disposition::comply:
        return "comply";
    case Disposition::refuse:
        return "refuse";
    case Disposition::safeComplete:
        return "safe_complete";
    case Disposition::unknown:
        break;
    }
    return "unknown";
}

const char* toString(Verdict value)
{
    switch (value) {
    case Verdict::comply:
        return "comply";
    case Verdict::refuse:
        return "refuse";
    case Verdict::safeComplete:
        return "safe_complete";
    case Verdict::noAnswer:
        break;
    }
    return "no_answer";
}

const char* toString(PromptLabel value)
{
    switch (value) {
    case PromptLabel::harmful:
        return "harmful";
    case PromptLabel::benign:
        return "benign";
    case PromptLabel::attack:
        return "attack";
    case PromptLabel::utility:
        break;
    }
    return "utility";
}

const char* toString(Mode value)
{
    switch (value) {
    case Mode::none:
        return "none";
    case Mode::codes:
        return "codes";
    case Mode::cases:
        break;
    }
    return "cases";
}

const char* toString(Retrieval value)
{
    switch (value) {
    case Retrieval::bm25:
        return "bm25";
    case Retrieval::dense:
        return "dense";
    case Retrieval::hybrid:
        return "hybrid";
    case Retrieval::fixed:
        break;
    }
    return "fixed";
}

std::optional<Disposition> dispositionFromString(std::string_view text)
{
    using enum Disposition;
    return enumNamed(std::array{comply, refuse, safeComplete, unknown}, text);
}

std::optional<Verdict> verdictFromString(std::string_view text)
{
    using enum Verdict;
    return enumNamed(std::array{comply, refuse, safeComplete, noAnswer}, text);
}

std::optional<PromptLabel> promptLabelFromString(std::string_view text)
{
    using enum PromptLabel;
    return enumNamed(std::array{harmful, benign, attack, utility}, text);
}

std::optional<Mode> modeFromString(std::string_view text)
{
    using enum Mode;
    return enumNamed(std::array{none, codes, cases}, text);
}

std::optional<Retrieval> retrievalFromString(std::string_view text)
{
    using enum Retrieval;
    return enumNamed(std::array{bm25, dense, hybrid, fixed}, text);
}

std::string lastUserText(const std::vector<Message>& messages)
{
    for (auto it = messages.rbegin(); it != messages.rend(); ++it) {
        if (it->role == "user")
            return it->content;
    }
    return {};
}

} // namespace precedent
