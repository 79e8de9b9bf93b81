// Import of N cases from CSV and JSONL beside the sqlite3 shell's `.import` of the same CSV into a bare table.
//   import_bench [ROWS=100000] [WORDS_OF_ANSWER=30]
// Prints elapsed and processor seconds (which a busy machine does not stretch) and the ratio of the latter; ours parses, validates, looks
// for duplicates, links the audit chain and fills the index.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "precedent/base/json.h"
#include "precedent/base/random.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/importer.h"
#include "precedent/casebase/search.h"

namespace {

namespace fs = std::filesystem;
using namespace precedent;

struct Cost {
    double elapsed = 0;
    double processor = 0; ///< user and system, of this process and of the shells it ran
};

Cost now()
{
    Cost cost;
    cost.elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        ::getrusage(who, &usage);
        for (const timeval& time : {usage.ru_utime, usage.ru_stime})
            cost.processor += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    }
    return cost;
}

Cost since(const Cost& start)
{
    const Cost end = now();
    return {end.elapsed - start.elapsed, end.processor - start.processor};
}

/// Words drawn as natural text has them: few often, many seldom.
std::string words(Random& random, int count)
{
    std::string text;
    for (int i = 0; i < count; ++i) {
        const double u = random.uniform();
        const auto rank = static_cast<std::uint64_t>(20000.0 * u * u * u);
        Random letters(rank);
        if (!text.empty())
            text += ' ';
        for (std::size_t j = 0, n = 2 + letters.below(8); j < n; ++j)
            text += static_cast<char>('a' + letters.below(26));
    }
    return text;
}

void writeFiles(const fs::path& csvPath, const fs::path& jsonPath, int rows, int answerWords)
{
    std::ofstream csv(csvPath);
    std::ofstream json(jsonPath);
    csv << "request,disposition,chain,answer\n";
    Random random(1);
    for (int i = 0; i < rows; ++i) {
        const std::string request = words(random, 12) + ", number " + std::to_string(i) + "?";
        const std::string chain = words(random, answerWords);
        const std::string answer = words(random, answerWords);
        csv << '"' << request << "\",comply," << chain << ',' << answer << '\n';
        json << dumpJson({{"request", request}, {"disposition", "comply"}, {"chain", chain}, {"answer", answer}}) << '\n';
    }
}

Cost importOurs(const fs::path& file, const fs::path& casebasePath, int rows)
{
    fs::remove(casebasePath);
    const Cost start = now();
    {
        auto casebase = casebase::Casebase::create(casebasePath);
        if (!casebase.ok()) {
            std::fprintf(stderr, "%s\n", casebase.error().message().c_str());
            std::exit(1);
        }
        const auto result = casebase::Importer(**casebase, {}).import({file});
        if (!result.ok() || result->imported != rows) {
            std::fprintf(stderr, "the import failed: %s\n", result.ok() ? "rows are missing" : result.error().message().c_str());
            std::exit(1);
        }
    }
    return since(start);
}

Cost importShell(const fs::path& csv, const fs::path& database)
{
    fs::remove(database);
    const Cost start = now();
    const std::string command = "sqlite3 '" + database.string() +
        "' 'CREATE TABLE t(request,disposition,chain,answer)' '.mode csv' '.import --skip 1 " + csv.string() + " t'";
    if (std::system(command.c_str()) != 0)
        std::fprintf(stderr, "the sqlite3 shell is missing; its figure means nothing\n");
    return since(start);
}

} // namespace

int main(int argc, char** argv)
{
    const int rows = argc > 1 ? std::atoi(argv[1]) : 100000;
    const int answerWords = argc > 2 ? std::atoi(argv[2]) : 30;
    const fs::path folder = fs::temp_directory_path() / ("import_bench-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    writeFiles(folder / "rows.csv", folder / "rows.jsonl", rows, answerWords);
    const Cost shell = importShell(folder / "rows.csv", folder / "shell.db");
    const Cost csv = importOurs(folder / "rows.csv", folder / "csv.casebase", rows);
    const Cost json = importOurs(folder / "rows.jsonl", folder / "jsonl.casebase", rows);
    std::printf("%d rows, %.0f MB\n%-18s %10s %10s %8s\n", rows, static_cast<double>(fs::file_size(folder / "rows.csv")) / 1e6, "",
        "elapsed s", "processor s", "ratio");
    for (const auto& [name, cost] :
        {std::pair("sqlite3 .import", shell), std::pair("casebase, CSV", csv), std::pair("casebase, JSONL", json)})
        std::printf("%-18s %10.2f %10.2f %8.2f\n", name, cost.elapsed, cost.processor, cost.processor / shell.processor);
    Cost start = now();
    auto casebase = casebase::Casebase::open(folder / "csv.casebase", casebase::OpenMode::readOnly);
    const Cost open = since(start);
    start = now();
    const auto found =
        casebase.ok() ? casebase::searchCases(**casebase, "\"number 4242\"", 20) : Result<casebase::SearchResult>(casebase.error());
    std::printf("%-18s %10.4f\n%-18s %10.4f (%lld hits)\n", "open", open.elapsed, "search", since(start).elapsed,
        found.ok() ? static_cast<long long>(found->total) : -1LL);
    casebase = Error(ErrorCode::cancelled, "closed");
    fs::remove_all(folder);
    return 0;
}
