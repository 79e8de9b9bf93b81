#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <QTemporaryDir>
#include <QtTest>

#include <sqlite3.h>

#include "precedent/base/files.h"
#include "precedent/casebase/audit_store.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/importer.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/reply_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/search.h"
#include "precedent/casebase/snapshot_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/casebase/verdict_store.h"

/// What the casebase tests share: a folder of their own, values to store, and a way round the stores.
namespace precedent::casebase::test {

/// Verifies a Result or Status and shows its message.
#define QVERIFY_OK(expression)                                                                                                             \
    do {                                                                                                                                   \
        const auto& qverifyOkResult = (expression);                                                                                        \
        QVERIFY2(qverifyOkResult.ok(), qverifyOkResult.ok() ? "" : qverifyOkResult.error().message().c_str());                             \
    } while (false)

inline std::string str(const QString& text) { return text.toStdString(); }

/// A folder that goes with the test.
class Folder {
public:
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const
    {
        return std::filesystem::path(m_dir.path().toStdString()) / name;
    }
    [[nodiscard]] std::filesystem::path path() const { return m_dir.path().toStdString(); }
    std::filesystem::path write(const std::string& name, const std::string& bytes) const
    {
        std::ofstream(*this / name, std::ios::binary) << bytes;
        return *this / name;
    }

private:
    QTemporaryDir m_dir;
};

/// A clock that ticks one millisecond a look, so that the same steps give the same bytes.
inline std::function<std::int64_t()> tickingClock()
{
    return [now = std::int64_t{1'700'000'000'000}]() mutable { return ++now; };
}

inline Code code(const std::string& id, const std::string& title, const std::string& parent = {})
{
    Code value;
    value.id = id;
    value.parent = parent;
    value.title = title;
    value.simple = "Simple form of " + title + ".";
    value.detailed = "## " + title + "\n\nDetailed form of " + title + ".";
    return value;
}

inline Case makeCase(
    const std::string& request, const std::vector<GoverningCode>& codes = {}, Disposition disposition = Disposition::comply)
{
    Case value;
    value.request = {{"user", request}};
    value.codes = codes;
    value.disposition = disposition;
    value.chain = "The request about " + request + " is settled by the code.";
    value.answer = "An answer about " + request + ".";
    return value;
}

inline Prompt makePrompt(const std::string& text, PromptLabel label = PromptLabel::benign)
{
    Prompt prompt;
    prompt.messages = {{"user", text}};
    prompt.label = label;
    prompt.expected = label == PromptLabel::harmful ? Disposition::refuse : Disposition::comply;
    prompt.source = "test";
    return prompt;
}

/// Runs SQL on the file past the stores, as a foreign program would.
inline bool tamper(const std::filesystem::path& path, const std::string& sql)
{
    sqlite3* database = nullptr;
    const bool ok =
        sqlite3_open(path.c_str(), &database) == SQLITE_OK && sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    sqlite3_close(database);
    return ok;
}

inline std::unique_ptr<Casebase> newCasebase(const std::filesystem::path& path)
{
    auto casebase = Casebase::create(path);
    if (!casebase.ok())
        qFatal("%s", casebase.error().message().c_str());
    (*casebase)->setClock(tickingClock());
    return std::move(casebase).value();
}

inline std::unique_ptr<Casebase> memoryCasebase()
{
    auto casebase = Casebase::createInMemory();
    if (!casebase.ok())
        qFatal("%s", casebase.error().message().c_str());
    (*casebase)->setClock(tickingClock());
    return std::move(casebase).value();
}

} // namespace precedent::casebase::test
