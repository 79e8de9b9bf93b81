#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "casebase/import_rows.h"
#include "precedent/casebase/importer.h"

namespace precedent::casebase {

/// One call of Importer::import(), inside its transaction. Throws Failure and SqlError.
class ImportSession {
public:
    ImportSession(Connection& connection, const ImportOptions& options)
        : m_connection(connection)
        , m_options(options)
    {
    }

    void importFile(const std::filesystem::path& file);
    /// What can only be done when every row is in: links between rows, the suite's record, the index's settings.
    void finish();
    [[nodiscard]] ImportResult& result() { return m_result; }

private:
    struct SuiteState {
        Suite suite;
        std::int64_t n = 0;
        std::int64_t position = -1;
        std::int64_t added = 0;
        bool changed = false;
    };
    /// What XSTest's rows are paired by.
    struct Contrast {
        std::string family;
        std::string focus;
        bool safe = true;
        std::string id;
    };

    void importPolicies(const std::filesystem::path& file, const Json& object);
    void importRecords(RecordSource& source, const std::filesystem::path& file, std::int64_t fileBytes);
    void takeRow(const Record& record, const FieldMap& fields, const Profile& profile, ImportTarget target, CodeFinder& codes);
    void takeExported(const Record& record, const RecordSource& source);
    void takeCase(Case value);
    std::string takePrompt(Prompt prompt);
    void takeCode(Code code);
    void takeSuite(const Json& json);
    /// Fails where the options want a sealed suite of that name to be a working one.
    void requireRole(const std::string& name);
    /// The suite that rows join, with the role that the options say.
    SuiteState& chosenSuite();
    void join(SuiteState& state, const std::string& promptId, bool burned = false, const std::string& why = {});
    SuiteState& openSuite(const std::string& name, SuiteRole roleIfNew, const std::string& description);
    void pairContrasts();
    void dropDanglingTwins();
    void reject(std::int64_t row, const std::string& column, const std::string& reason);
    void countDerived(const DerivedMarks& marks) { m_result.derived += marks.empty() ? 0 : 1; }
    void prepareIndexes();
    void report(const RecordSource& source, std::int64_t rows, std::int64_t fileBytes) const;

    Connection& m_connection;
    const ImportOptions& m_options;
    ImportResult m_result;
    std::string m_file;
    bool m_large = false;
    bool m_indexesPrepared = false;
    std::map<std::string, SuiteState> m_suites;
    std::string m_suiteOfRows; ///< of the file that is read; empty: they join none
    std::vector<Contrast> m_contrasts;
    bool m_twinsNamed = false;
};

} // namespace precedent::casebase
