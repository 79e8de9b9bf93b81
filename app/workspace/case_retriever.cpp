#include "precedent/workspace/case_retriever.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "precedent/base/random.h"

namespace precedent::workspace {
namespace {

constexpr std::size_t kDispositions = 4;
/// How far down the ranking each disposition is looked for.
constexpr std::size_t kCandidates = 200;

using DispositionCounts = std::array<std::size_t, kDispositions>;

std::size_t indexOf(Disposition disposition) { return static_cast<std::size_t>(disposition); }

DispositionCounts countsOf(const std::vector<Disposition>& shown)
{
    DispositionCounts counts{};
    for (const Disposition d : shown)
        ++counts[indexOf(d)];
    return counts;
}

} // namespace

Result<CaseRetriever> CaseRetriever::build(const std::vector<core::Case>& cases)
{
    std::vector<std::pair<std::string, std::string>> documents;
    documents.reserve(cases.size());
    for (const core::Case& value : cases)
        documents.emplace_back(value.id, lastUserText(value.request));
    Result<casebase::RetrievalIndex> index = casebase::RetrievalIndex::build(documents);
    if (!index)
        return index.error();
    CaseRetriever retriever(std::move(*index));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        retriever.m_nearDuplicates.add(documents[i].first, documents[i].second);
        retriever.m_cases.emplace(cases[i].id, &cases[i]);
    }
    return retriever;
}

Result<std::vector<const core::Case*>> CaseRetriever::retrieve(const Query& query, std::size_t k) const
{
    std::vector<const core::Case*> chosen;
    if (k == 0)
        return chosen;
    Result<std::vector<casebase::Retrieved>> ranked = m_index.query(query.text, kCandidates);
    if (!ranked)
        return ranked.error();
    std::set<std::string> barred;
    if (query.barNearDuplicates) {
        for (std::string& id : m_nearDuplicates.find(query.text)) {
            if (query.declaredTwins.count(id) == 0)
                barred.insert(std::move(id));
        }
    }
    std::array<std::vector<const core::Case*>, kDispositions> byDisposition;
    for (const casebase::Retrieved& hit : *ranked) {
        const auto found = m_cases.find(hit.id);
        if (found == m_cases.end() || hit.id == query.ownCase || barred.count(hit.id) != 0 || m_hidden.count(hit.id) != 0)
            continue;
        byDisposition[indexOf(found->second->disposition)].push_back(found->second);
    }
    // The order of the dispositions is drawn anew for each prompt: an odd one out at the end tells nothing.
    std::vector<std::size_t> order = {0, 1, 2, 3};
    Random random(query.seed, streamOf(query.text));
    random.shuffle(order);
    bool found = true;
    for (std::size_t rank = 0; chosen.size() < k && found; ++rank) {
        found = false;
        for (const std::size_t d : order) {
            if (rank >= byDisposition[d].size() || chosen.size() >= k)
                continue;
            found = true;
            chosen.push_back(byDisposition[d][rank]);
        }
    }
    return chosen;
}

const core::Case* CaseRetriever::find(const std::string& id) const
{
    const auto found = m_cases.find(id);
    return found == m_cases.end() ? nullptr : found->second;
}

LeakFigure leakFigure(const std::vector<ShownDispositions>& prompts)
{
    std::map<DispositionCounts, DispositionCounts> expectationsOf;
    DispositionCounts overall{};
    LeakFigure figure;
    for (const ShownDispositions& prompt : prompts) {
        if (prompt.expected == Disposition::unknown)
            continue;
        ++figure.n;
        ++overall[indexOf(prompt.expected)];
        ++expectationsOf[countsOf(prompt.shown)][indexOf(prompt.expected)];
    }
    if (figure.n == 0)
        return figure;
    const auto n = static_cast<double>(figure.n);
    const auto guess = [](const DispositionCounts& counts) {
        return static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    };
    figure.baseRate = static_cast<double>(overall[guess(overall)]) / n;
    double right = 0;
    for (const ShownDispositions& prompt : prompts) {
        if (prompt.expected == Disposition::unknown)
            continue;
        DispositionCounts others = expectationsOf[countsOf(prompt.shown)];
        --others[indexOf(prompt.expected)];
        const bool seen = std::any_of(others.begin(), others.end(), [](std::size_t c) { return c > 0; });
        right += guess(seen ? others : overall) == indexOf(prompt.expected) ? 1 : 0;
    }
    figure.accuracy = right / n;
    const double halfWidth = 1.96 * std::sqrt(figure.accuracy * (1 - figure.accuracy) / n);
    figure.warning = figure.accuracy - halfWidth > figure.baseRate;
    return figure;
}

} // namespace precedent::workspace
