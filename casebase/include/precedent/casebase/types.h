#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/domain.h"

/// The casebase's value types: plain structs, no behaviour. Times are milliseconds since 1970-01-01 UTC. Texts are
/// UTF-8. A `version` counts from 1 and grows by one with each stored edit; 0 means "not stored yet".
namespace precedent::casebase {

/// Which fields were derived rather than stated, and how: {"disposition": "refusal analysis 1"}.
using DerivedMarks = std::map<std::string, std::string>;

/// A safety code (statute). `id` is what chains cite: "S3", "S3.2".
struct Code {
    std::string id;
    std::string parent; ///< id of the code above; empty at the top
    std::string title;
    std::string simple;
    std::string detailed;
    int position = 0; ///< among its siblings
    DerivedMarks derived;
    int version = 0;
    std::int64_t createdMs = 0;
    std::int64_t updatedMs = 0;
};

enum class CaseStatus { draft, inReview, approved, retired };

// Stable spellings ("in_review"), used in files, on the command line and in JSON.
[[nodiscard]] const char* toString(CaseStatus value);
[[nodiscard]] std::optional<CaseStatus> caseStatusFromString(std::string_view text);

/// A code that bears on a case. `decides`: it settled the disposition; the others were weighed.
struct GoverningCode {
    std::string code;
    bool decides = true;

    bool operator==(const GoverningCode&) const = default;
};

/// A precedent. `id` is citable ("S3-017"); left empty, the store gives the next free one of its first deciding code.
struct Case {
    std::string id;
    std::vector<Message> request;
    std::vector<GoverningCode> codes;
    Disposition disposition = Disposition::unknown;
    std::string chain;
    std::string answer;
    std::string notes;
    CaseStatus status = CaseStatus::draft;
    std::string source; ///< where it came from: a file's or a data set's name
    std::string sourceId; ///< its id there
    std::vector<std::string> tags;
    std::string twinId; ///< its contrast: looks alike, deserves another disposition
    std::string twinDifference; ///< what differs
    std::string surface;
    std::string audience;
    std::string language;
    std::string jurisdiction;
    DerivedMarks derived;
    int version = 0;
    std::int64_t createdMs = 0;
    std::int64_t updatedMs = 0;
};

/// A request used in training or evaluation.
struct Prompt {
    std::string id; ///< left empty, the store makes one from `source` and the content's digest
    std::vector<Message> messages;
    PromptLabel label = PromptLabel::benign;
    Disposition expected = Disposition::unknown;
    std::vector<std::string> governingCodes; ///< empty: not recorded
    std::string goalId; ///< for an attack: the prompt inside the wrapper
    std::string siblingId; ///< its contrast or twin
    std::string wrapper; ///< wrapper family; empty if not wrapped
    std::string family; ///< prompts of one family never go to both sides of a split, and are resampled together
    std::string utilityAnswer;
    std::string sourceCaseId; ///< the case it was made from
    std::string source;
    std::string sourceId;
    std::string category; ///< as the source names it
    DerivedMarks derived;
    int version = 0;
    std::int64_t createdMs = 0;
    std::int64_t updatedMs = 0;
};

enum class SuiteRole { sealed, working };
[[nodiscard]] const char* toString(SuiteRole value);
[[nodiscard]] std::optional<SuiteRole> suiteRoleFromString(std::string_view text);

struct Suite {
    std::string name; ///< unique
    SuiteRole role = SuiteRole::working;
    std::string description;
    int version = 0;
};

/// A prompt's place in a suite. Burned: someone trained on it or filed it, so figures count it apart.
struct SuiteMember {
    std::string promptId;
    int position = 0;
    bool burned = false;
    std::string burnedWhy;
};

enum class VerdictTarget { rollout, evaluationRow, answer };
[[nodiscard]] const char* toString(VerdictTarget value);
[[nodiscard]] std::optional<VerdictTarget> verdictTargetFromString(std::string_view text);

/// What a person says about one answer: what it did and what it should have done.
struct HumanVerdict {
    std::int64_t id = 0; ///< set by the store
    VerdictTarget target = VerdictTarget::answer;
    std::string targetId; ///< rollout: "RUN/STEP/GROUP/INDEX"; row: "EVALUATION/ROW"; answer: sha256 of request and answer
    Verdict did = Verdict::noAnswer;
    Disposition should = Disposition::unknown;
    bool blind = false; ///< the judge's verdict was hidden
    bool randomDraw = false; ///< the row was drawn at random, not picked; only blind random ones count for agreement
    std::string who;
    std::string note;
    std::int64_t whenMs = 0;
};

} // namespace precedent::casebase
