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
    CaseRetriever retriever({}, std::move(*index));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        retriever.m_nearDuplicates.add(documents[i].first, documents[i].second);
        retriever.m_cases.emplace(cases[i].id, &cases[i]);
    }
    return retriever;
}

Result<CaseRetriever> CaseRetriever::build(const std::vector<core::Case>& cases, const CaseChoice& choice,
    const casebase::Casebase& casebase, std::shared_ptr<TextVectors> vectors, const std::stop_token& stop)
{
    Result<CaseRetriever> retriever = build(cases);
    if (!retriever)
        return retriever;
    retriever->m_choice = choice;
    if (!needsVectors(choice))
        return retriever;
    if (vectors == nullptr)
        return Error(ErrorCode::failedPrecondition,
            std::string("Retrieval ") + toString(choice.retrieval) + " needs a model for its vectors, and none is at hand.",
            "Choose retrieval bm25 here.");
    Result<casebase::DenseIndex> dense = denseIndexOf(casebase, cases, *vectors, stop);
    if (!dense)
        return dense.error();
    retriever->m_dense.emplace(std::move(*dense));
    retriever->m_vectors = std::move(vectors);
    return retriever;
}

std::vector<std::string> CaseRetriever::named() const
{
    std::vector<std::string> ids = m_choice.pinned;
    if (m_choice.retrieval == Retrieval::fixed)
        ids.insert(ids.end(), m_choice.fixed.begin(), m_choice.fixed.end());
    return ids;
}

Status CaseRetriever::checkNamed() const
{
    for (const std::string& id : named()) {
        if (m_cases.count(id) == 0)
            return Error(ErrorCode::notFound,
                "The case " + id + " is to be shown with every request, and it is not among the " + std::to_string(m_cases.size()) +
                    " cases that may be: there is none of this id, or it is not approved with a known disposition.",
                "Approve it, name another, or use drafts as well (--include-drafts).");
        if (m_hidden.count(id) != 0)
            return Error(ErrorCode::failedPrecondition,
                "The case " + id +
                    " is to be shown with every request, and it overlaps a sealed suite: figures on that suite would mean nothing.",
                "Name another case.");
    }
    return {};
}

Status CaseRetriever::foresee(const std::vector<std::string>& texts, const std::stop_token& stop)
{
    if (!m_dense)
        return {};
    std::vector<std::string> fresh;
    for (const std::string& text : texts) {
        if (m_foreseen.emplace(text, std::vector<float>()).second)
            fresh.push_back(text);
    }
    const Result<std::vector<float>> rows = m_vectors->of(fresh, stop);
    if (!rows) {
        m_foreseen.clear();
        return rows.error();
    }
    const auto width = static_cast<std::ptrdiff_t>(m_vectors->width());
    for (std::size_t i = 0; i < fresh.size(); ++i) {
        const auto row = rows.value().begin() + static_cast<std::ptrdiff_t>(i) * width;
        m_foreseen[fresh[i]].assign(row, row + width);
    }
    return {};
}

Result<std::vector<casebase::Retrieved>> CaseRetriever::nearest(const std::string& text) const
{
    if (const auto seen = m_foreseen.find(text); seen != m_foreseen.end())
        return m_dense->query(seen->second.data(), kCandidates);
    const Result<std::vector<float>> row = m_vectors->of({text}, {});
    if (!row)
        return row.error();
    return m_dense->query(row.value().data(), kCandidates);
}

Result<std::vector<casebase::Retrieved>> CaseRetriever::rank(const std::string& text) const
{
    switch (m_choice.retrieval) {
    case Retrieval::fixed:
        return std::vector<casebase::Retrieved>();
    case Retrieval::bm25:
        return m_index.query(text, kCandidates);
    case Retrieval::dense:
        return nearest(text);
    case Retrieval::hybrid:
        break;
    }
    Result<std::vector<casebase::Retrieved>> words = m_index.query(text, kCandidates);
    if (!words)
        return words;
    Result<std::vector<casebase::Retrieved>> meaning = nearest(text);
    if (!meaning)
        return meaning;
    return casebase::fuseRanks({*words, *meaning});
}

Result<CaseRetriever::Chosen> CaseRetriever::retrieve(const Query& query, std::size_t k) const
{
    Chosen chosen;
    if (k == 0)
        return chosen;
    std::set<std::string> barred = m_hidden;
    barred.insert(query.ownCase);
    if (query.barNearDuplicates) {
        for (std::string& id : m_nearDuplicates.find(query.text)) {
            if (query.declaredTwins.count(id) == 0)
                barred.insert(std::move(id));
        }
    }
    DispositionCounts turnsLost{};
    for (const std::string& id : named()) {
        const core::Case* value = find(id);
        if (value == nullptr || chosen.cases.size() >= k || !barred.insert(id).second)
            continue;
        chosen.cases.push_back(value);
        ++turnsLost[indexOf(value->disposition)];
    }
    chosen.firm = chosen.cases.size();
    if (chosen.firm >= k)
        return chosen;
    Result<std::vector<casebase::Retrieved>> ranked = rank(query.text);
    if (!ranked)
        return ranked.error();
    std::array<std::vector<const core::Case*>, kDispositions> byDisposition;
    for (const casebase::Retrieved& hit : *ranked) {
        if (const core::Case* value = find(hit.id); value != nullptr && barred.count(hit.id) == 0)
            byDisposition[indexOf(value->disposition)].push_back(value);
    }
    // The order of the dispositions is drawn anew for each prompt: an odd one out at the end tells nothing.
    std::vector<std::size_t> order = {0, 1, 2, 3};
    Random random(query.seed, streamOf(query.text));
    random.shuffle(order);
    bool left = true;
    for (std::size_t turn = 0; chosen.cases.size() < k && left; ++turn) {
        left = false;
        for (const std::size_t d : order) {
            left = left || turn < turnsLost[d] + byDisposition[d].size();
            if (turn >= turnsLost[d] && turn - turnsLost[d] < byDisposition[d].size() && chosen.cases.size() < k)
                chosen.cases.push_back(byDisposition[d][turn - turnsLost[d]]);
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
