#include "precedent/casebase/types.h"

#include <array>

namespace precedent::casebase {
namespace {

template <typename Enum, std::size_t N>
std::optional<Enum> find(const std::array<Enum, N>& values, std::string_view text)
{
    for (const Enum value : values) {
        if (text == toString(value))
            return value;
    }
    return std::nullopt;
}

} // namespace

const char* toString(CaseStatus value)
{
    switch (value) {
    case CaseStatus::draft:
        return "draft";
    case CaseStatus::inReview:
        return "in_review";
    case CaseStatus::approved:
        return "approved";
    case CaseStatus::retired:
        break;
    }
    return "retired";
}

const char* toString(SuiteRole value) { return value == SuiteRole::sealed ? "sealed" : "working"; }

const char* toString(VerdictTarget value)
{
    switch (value) {
    case VerdictTarget::rollout:
        return "rollout";
    case VerdictTarget::evaluationRow:
        return "evaluation_row";
    case VerdictTarget::answer:
        break;
    }
    return "answer";
}

std::optional<CaseStatus> caseStatusFromString(std::string_view text)
{
    using enum CaseStatus;
    return find(std::array{draft, inReview, approved, retired}, text);
}

std::optional<SuiteRole> suiteRoleFromString(std::string_view text)
{
    return find(std::array{SuiteRole::sealed, SuiteRole::working}, text);
}

std::optional<VerdictTarget> verdictTargetFromString(std::string_view text)
{
    using enum VerdictTarget;
    return find(std::array{rollout, evaluationRow, answer}, text);
}

} // namespace precedent::casebase
