// How near a casebase's cases are to those of their own code, by each kind of retrieval, and what a vector costs.
//   retrieval_bench CASEBASE MODEL
// Every case asks with its own request and is left out of what it finds. Prints the share of the first, and of the first five, that
// share a code with it. Vectors are computed on a copy: the casebase stays as it is.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "precedent/casebase/case_store.h"
#include "precedent/casebase/retrieval_index.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/precedent_set.h"
#include "precedent/workspace/text_vectors.h"

namespace {

using namespace precedent;
using Clock = std::chrono::steady_clock;
using Ranking = std::vector<casebase::Retrieved>;

constexpr std::size_t kFirst = 5;
constexpr std::size_t kRanked = 200;

struct Shares {
    double first = 0;
    double five = 0;
};

bool shareACode(const core::Case& a, const core::Case& b)
{
    return std::any_of(a.codes.begin(), a.codes.end(),
        [&](const std::string& code) { return std::find(b.codes.begin(), b.codes.end(), code) != b.codes.end(); });
}

void count(const Ranking& ranking, const core::Case& own, const std::map<std::string, const core::Case*>& cases, Shares& shares)
{
    std::size_t seen = 0, alike = 0;
    for (const casebase::Retrieved& hit : ranking) {
        if (hit.id == own.id || seen == kFirst)
            continue;
        const bool like = shareACode(own, *cases.at(hit.id));
        shares.first += seen == 0 && like ? 1 : 0;
        alike += like ? 1 : 0;
        ++seen;
    }
    shares.five += static_cast<double>(alike) / kFirst;
}

Status bench(const char* path, const char* model)
{
    auto casebase = casebase::Casebase::openScratch(path);
    if (!casebase)
        return casebase.error();
    const auto set = workspace::readPrecedentSet(**casebase, /*includeDrafts=*/true);
    if (!set)
        return set.error();
    const std::vector<core::Case>& cases = set->cases;
    const auto source = workspace::resolveModel(model, casebase->get());
    if (!source)
        return source.error();
    const auto vectors = workspace::loadTextVectors(**casebase, {}, source->folder, {});
    if (!vectors)
        return vectors.error();
    const auto start = Clock::now();
    const auto dense = workspace::denseIndexOf(**casebase, cases, **vectors);
    if (!dense)
        return dense.error();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::vector<std::pair<std::string, std::string>> documents;
    std::map<std::string, const core::Case*> byId;
    std::vector<std::string> texts;
    for (const core::Case& value : cases) {
        texts.push_back(lastUserText(value.request));
        documents.emplace_back(value.id, texts.back());
        byId.emplace(value.id, &value);
    }
    const auto words = casebase::RetrievalIndex::build(documents);
    const auto rows = (*vectors)->of(texts, {});
    if (!words || !rows)
        return words ? rows.error() : words.error();
    std::map<std::string, Shares> shares;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto bm25 = words->query(texts[i], kRanked);
        if (!bm25)
            return bm25.error();
        const Ranking meaning = dense->query(rows->data() + i * dense->width(), kRanked);
        count(*bm25, cases[i], byId, shares["bm25"]);
        count(meaning, cases[i], byId, shares["dense"]);
        count(casebase::fuseRanks({*bm25, meaning}), cases[i], byId, shares["hybrid"]);
    }
    const auto n = static_cast<double>(cases.size());
    std::printf("%zu cases, %.1f ms a vector\n", cases.size(), 1000 * seconds / n);
    for (const auto& [kind, share] : shares)
        std::printf("%-7s first %.3f, of five %.3f\n", kind.c_str(), share.first / n, share.five / n);
    return {};
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "retrieval_bench CASEBASE MODEL\n");
        return 2;
    }
    const precedent::Status status = bench(argv[1], argv[2]);
    if (!status.ok())
        std::fprintf(stderr, "%s %s\n", status.error().message().c_str(), status.error().hint().c_str());
    return status.ok() ? 0 : 1;
}
