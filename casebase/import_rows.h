#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "casebase/connection.h"
#include "casebase/import_profiles.h"
#include "casebase/record_source.h"

namespace precedent::casebase {

/// Why one row was not taken; thrown by the row readers and turned into a RejectedRow.
struct RowProblem {
    std::string column;
    std::string reason;
};

/// Which cell holds which field: the profile's mapping, the columns with a field's own name, and --map over both.
class FieldMap {
public:
    /// Throws a Failure (invalidArgument) if a mapped field or column does not exist, naming those that do.
    FieldMap(const Profile& profile, ImportTarget target, const ImportOptions& options, const std::vector<std::string>& columns,
        const std::string& file);

    /// Takes in columns that a JSON file brought later.
    void learn(const std::vector<std::string>& columns);

    [[nodiscard]] bool has(std::string_view field) const { return m_places.contains(field); }
    [[nodiscard]] std::string columnOf(std::string_view field) const;
    /// Null where the row lacks the field.
    [[nodiscard]] const Cell* cell(const Record& record, std::string_view field) const;
    /// The cell's text (lists and objects as JSON); empty where the row lacks the field.
    [[nodiscard]] std::string text(const Record& record, std::string_view field) const;
    [[nodiscard]] std::string trimmed(const Record& record, std::string_view field) const;
    /// A list: JSON, Python's spelling of one, or texts between semicolons or bars.
    [[nodiscard]] std::vector<std::string> list(const Record& record, std::string_view field) const;

private:
    std::map<std::string, std::string, std::less<>> m_columns; ///< field -> column
    std::map<std::string, std::size_t, std::less<>> m_places; ///< field -> index
    std::size_t m_learned = 0;
};

/// Finds the codes that rows name, by id or title, and makes those that are missing.
class CodeFinder {
public:
    CodeFinder(Connection& connection, std::string source);
    /// Ids of the codes named, in order, each once.
    [[nodiscard]] std::vector<std::string> resolve(const std::vector<std::string>& names);
    /// The same for rows that make no codes: a name that no code has stays as it is.
    [[nodiscard]] std::vector<std::string> named(const std::vector<std::string>& names) const;
    /// Ids of codes whose title, or a part of it between slashes, is named in prose before the word "policy".
    [[nodiscard]] std::vector<std::string> namedInProse(std::string_view prose) const;
    [[nodiscard]] std::int64_t made() const { return m_made; }

private:
    struct Known {
        std::string id;
        std::vector<std::string> phrases; ///< " privacy policy", in the form of titleKey()
    };
    void remember(const std::string& id, const std::string& title);
    /// Null where no code has this id or title.
    [[nodiscard]] const std::string* known(const std::string& title) const;
    std::string resolveOne(const std::string& name);

    Connection& m_connection;
    std::string m_source;
    std::unordered_map<std::string, std::string> m_byName; ///< id or title key -> id
    std::vector<Known> m_known;
    std::int64_t m_made = 0;
};

/// Row -> value. `derived` marks are set on the value. Throw RowProblem.
[[nodiscard]] Case caseOf(
    const Record& record, const FieldMap& fields, const Profile& profile, const ImportOptions& options, CodeFinder& codes);
[[nodiscard]] Prompt promptOf(
    const Record& record, const FieldMap& fields, const Profile& profile, const ImportOptions& options, const CodeFinder& codes);
[[nodiscard]] Code codeOf(const Record& record, const FieldMap& fields);

/// The first sentence of the first paragraph that is no heading; for a missing simple form.
[[nodiscard]] std::string firstSentence(std::string_view detailed);

/// The 8 policies of STAR-1's policies.json (keys POLICY_...), titles taken from their headings; empty if it is another object.
[[nodiscard]] std::vector<Code> policiesOf(const Json& object);

} // namespace precedent::casebase
