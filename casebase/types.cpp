#include "precedent/casebase/types.h"

#include <array>

#include "precedent/base/enum_names.h"

namespace precedent::casebase {

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
    return enumNamed(std::array{draft, inReview, approved, retired}, text);
}

std::optional<SuiteRole> suiteRoleFromString(std::string_view text)
{
    return enumNamed(std::array{SuiteRole::sealed, SuiteRole::working}, text);
}

std::optional<VerdictTarget> verdictTargetFromString(std::string_view text)
{
    using enum VerdictTarget;
    return enumNamed(std::array{rollout, evaluationRow, answer}, text);
}

} // namespace precedent::casebase
