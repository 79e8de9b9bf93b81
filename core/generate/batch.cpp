#include "core/generate/batch.h"
#include "core/generate/generator.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "core/model/parallel.h"

namespace precedent::core {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kSmallModelBytes = 32 << 20; // weights that the caches hold: rows are split, not products
constexpr std::size_t kMostRows = 128; // of one decoding pass
constexpr int kLeastTeamVocabulary = 16384; // from here drawing a token is worth a thread's waking
// Threads decode their rows alone for so long before they meet: a meeting costs little on an idle machine, but on a busy
// one it waits for the slowest. Tokens reach the sinks, and new prompts enter, at the meetings.
constexpr int kStepsPerRound = 16;
constexpr double kSecondsPerRound = 0.03;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

} // namespace

Batch::Batch(const Forward& forward, const PackedWeights& weights, std::vector<Scratch>& scratch, const GenerationRequest& request,
    std::stop_token stop, const TokenSink& onToken, const CompletionSink& onCompletion)
    : m_forward(forward)
    , m_weights(weights)
    , m_scratch(scratch)
    , m_request(request)
    , m_stop(std::move(stop))
    , m_onToken(onToken)
    , m_onCompletion(onCompletion)
    , m_pool(weights.config, forward.kvFormat())
    , m_prompts(request.prompts.size())
    , m_samplers(static_cast<std::size_t>(threadCount()), Sampler(request.sampling, forward.kernels()))
{
    m_scratch.resize(std::max(m_scratch.size(), m_samplers.size()));
    std::vector<const std::vector<int>*> ids;
    for (std::size_t p = 0; p < request.prompts.size(); ++p) {
        m_firstCompletion.push_back(m_result.completions.size());
        for (int i = 0; i < request.prompts[p].n; ++i) {
            Completion& completion = m_result.completions.emplace_back();
            completion.prompt = static_cast<int>(p);
            completion.index = i;
            completion.stopReason = StopReason::cancelled; // until it ends otherwise
        }
        m_result.promptTokens += static_cast<std::int64_t>(request.prompts[p].ids.size());
        ids.push_back(&request.prompts[p].ids);
    }
    m_groups = groupByPrefix(ids);
    m_prefixes.resize(m_groups.length.size());
    m_prefixUses = m_groups.members;
}

Result<GenerationResult> Batch::run()
{
    bool going = true;
    while (going && (m_nextPrompt < m_prompts.size() || !m_active.empty())) {
        const auto start = Clock::now();
        going = admit();
        m_result.prefillSeconds += secondsSince(start);
        if (!going || m_active.empty())
            continue;
        const auto decodeStart = Clock::now();
        going = decodeRound();
        m_result.decodeSeconds += secondsSince(decodeStart);
    }
    for (Active& active : m_active) { // stopped: what they have is kept, and they are marked as cancelled
        active.ended = true;
        report(active);
    }
    m_active.clear();
    if (m_notFinite)
        return Error(ErrorCode::internal, kDiverged, "Go back to an earlier checkpoint.");
    return std::move(m_result);
}

// Fills free places, in the order of the prompts. It waits until a quarter is free, so that prompts are computed several
// at a time; the order of admission changes nothing in what is generated.
bool Batch::admit()
{
    const auto places = static_cast<std::size_t>(m_request.maxBatch);
    std::size_t free = places - m_active.size();
    if (m_nextPrompt >= m_prompts.size() || (!m_active.empty() && free < std::max<std::size_t>(1, places / 4)))
        return true;
    if (m_stop.stop_requested())
        return false;
    std::vector<int> fresh;
    std::size_t wanted = 0;
    for (std::size_t p = m_nextPrompt; p < m_prompts.size() && wanted < free; ++p) {
        if (p >= m_computed)
            fresh.push_back(static_cast<int>(p));
        wanted += static_cast<std::size_t>(m_request.prompts[p].n - m_prompts[p].admitted);
    }
    if (!fresh.empty()) {
        if (!computePrefixes(fresh) || !computePrompts(fresh))
            return false;
        m_computed = static_cast<std::size_t>(fresh.back()) + 1;
    }
    while (m_nextPrompt < m_computed && free > 0) {
        beginCompletions(static_cast<int>(m_nextPrompt), static_cast<int>(free));
        free = places - m_active.size();
        PromptState& state = m_prompts[m_nextPrompt];
        if (state.admitted < m_request.prompts[m_nextPrompt].n)
            break;
        state = PromptState{{}, {}, state.admitted}; // its blocks live on in its completions
        ++m_nextPrompt;
    }
    return !m_notFinite;
}

bool Batch::computePrefixes(const std::vector<int>& prompts)
{
    for (const int p : prompts) {
        const int group = m_groups.groupOf[static_cast<std::size_t>(p)];
        if (group < 0)
            continue;
        KvSequence& prefix = m_prefixes[static_cast<std::size_t>(group)];
        if (prefix.length() > 0)
            continue;
        const std::int64_t length = m_groups.length[static_cast<std::size_t>(group)];
        prefix.addBlock(m_pool.make(length));
        if (!append(prefix, m_request.prompts[static_cast<std::size_t>(p)].ids.data(), length, m_scratch.front(), /*team=*/true, false))
            return false;
    }
    return true;
}

bool Batch::computePrompts(const std::vector<int>& prompts)
{
    for (const int p : prompts) { // here, because the groups' counts and sequences are not for several threads
        PromptState& state = m_prompts[static_cast<std::size_t>(p)];
        const int group = m_groups.groupOf[static_cast<std::size_t>(p)];
        if (group >= 0) {
            state.sequence = m_prefixes[static_cast<std::size_t>(group)].fork();
            if (--m_prefixUses[static_cast<std::size_t>(group)] == 0)
                m_prefixes[static_cast<std::size_t>(group)] = {};
        }
        const auto rest = static_cast<std::int64_t>(m_request.prompts[static_cast<std::size_t>(p)].ids.size()) - state.sequence.length();
        state.sequence.addBlock(m_pool.make(rest));
    }
    return m_forward.packsPrompts() ? computePacked(prompts) : computeSingly(prompts);
}

bool Batch::computePacked(const std::vector<int>& prompts)
{
    Scratch& scratch = m_scratch.front();
    std::int64_t left = 0;
    for (const int p : prompts)
        left += static_cast<std::int64_t>(m_request.prompts[static_cast<std::size_t>(p)].ids.size()) -
            m_prompts[static_cast<std::size_t>(p)].sequence.length();
    const std::int64_t most = m_forward.rowsPerPass(left);
    for (std::size_t next = 0; next < prompts.size();) {
        std::vector<Span> spans;
        std::vector<PromptState*> whole;
        Forward::Options options = {Phase::prefill, /*team=*/true};
        for (std::int64_t rows = 0; next < prompts.size() && rows < most;) {
            const auto p = static_cast<std::size_t>(prompts[next]);
            const std::vector<int>& ids = m_request.prompts[p].ids;
            KvSequence& sequence = m_prompts[p].sequence;
            const std::int64_t begin = sequence.length(), end = std::min(static_cast<std::int64_t>(ids.size()), begin + most - rows);
            sequence.extend(end - begin);
            spans.push_back({&sequence, ids.data() + begin, end - begin});
            rows += end - begin;
            if (end == static_cast<std::int64_t>(ids.size())) {
                whole.push_back(&m_prompts[p]);
                options.logitRows.push_back(rows - 1);
                ++next;
            }
        }
        if (!m_forward.run(spans, scratch, options, m_stop))
            return false;
        for (std::size_t i = 0; i < whole.size(); ++i) {
            const float* logits = scratch.logits.data() + static_cast<std::int64_t>(i) * m_forward.logitStride();
            whole[i]->logits.assign(logits, logits + m_forward.logitStride());
        }
    }
    return true;
}

bool Batch::computeSingly(const std::vector<int>& prompts)
{
    const bool team = static_cast<int>(prompts.size()) < threadCount();
    std::atomic<bool> whole{true};
    const auto compute = [&](std::int64_t i, int thread) {
        const auto p = static_cast<std::size_t>(prompts[static_cast<std::size_t>(i)]);
        const std::vector<int>& ids = m_request.prompts[p].ids;
        PromptState& state = m_prompts[p];
        Scratch& scratch = m_scratch[static_cast<std::size_t>(thread)];
        const std::int64_t begin = state.sequence.length();
        const std::int64_t rest = static_cast<std::int64_t>(ids.size()) - begin;
        if (!append(state.sequence, ids.data() + begin, rest, scratch, team, /*wantsLogits=*/true)) {
            whole = false;
            return;
        }
        state.logits.assign(scratch.logits.data(), scratch.logits.data() + m_forward.logitStride());
    };
    parallelTasks(static_cast<std::int64_t>(prompts.size()), /*wide=*/!team, compute);
    return whole;
}

bool Batch::append(KvSequence& sequence, const int* ids, std::int64_t count, Scratch& scratch, bool team, bool wantsLogits) const
{
    const std::int64_t most = m_forward.rowsPerPass(count);
    for (std::int64_t begin = 0; begin < count; begin += most) {
        const std::int64_t rows = std::min(most, count - begin);
        Forward::Options options = {Phase::prefill, team};
        if (wantsLogits && begin + rows == count)
            options.logitRows = {rows - 1};
        sequence.extend(rows);
        if (!m_forward.run({Span{&sequence, ids + begin, rows}}, scratch, options, m_stop))
            return false;
    }
    return true;
}

void Batch::beginCompletions(int prompt, int most)
{
    PromptState& state = m_prompts[static_cast<std::size_t>(prompt)];
    const GenerationPrompt& request = m_request.prompts[static_cast<std::size_t>(prompt)];
    const int count = std::min(request.n - state.admitted, most);
    for (int i = 0; i < count; ++i) {
        const int index = state.admitted++;
        Active active;
        active.completion = &completionOf(prompt, index);
        active.length = static_cast<std::int64_t>(request.ids.size());
        if (active.length >= m_weights.config.contextLength) {
            active.completion->stopReason = StopReason::context;
            active.ended = true;
        } else {
            active.sequence = state.sequence.fork();
            active.random = Random(request.seed, static_cast<std::uint64_t>(index));
            take(active, m_samplers.front().draw(state.logits.data(), m_weights.config.vocabulary, active.random));
        }
        report(active);
        if (!active.ended)
            m_active.push_back(std::move(active));
    }
}

bool Batch::decodeRound()
{
    if (m_stop.stop_requested())
        return false;
    const std::size_t rows = m_active.size();
    const int threads = std::min<int>(threadCount(), static_cast<int>(rows));
    const bool split = m_weights.bytes() <= kSmallModelBytes;
    std::atomic<bool> good{true};
    const std::vector<std::size_t> cuts = splitRows(split ? threads : 1);
    parallelTasks(static_cast<std::int64_t>(cuts.size()) - 1, /*wide=*/true, [&](std::int64_t part, int thread) {
        const auto i = static_cast<std::size_t>(part);
        if (!decodeRows(cuts[i], cuts[i + 1], static_cast<std::size_t>(thread), kStepsPerRound, /*team=*/!split))
            good = false;
    });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        report(m_active[i]);
        if (m_active[i].ended)
            continue;
        if (kept != i)
            m_active[kept] = std::move(m_active[i]);
        ++kept;
    }
    m_active.resize(kept);
    return good && !m_notFinite;
}

bool Batch::decodeRows(std::size_t begin, std::size_t end, std::size_t thread, int steps, bool team)
{
    const auto start = Clock::now();
    std::vector<Active*> rows;
    for (std::size_t i = begin; i < end; ++i)
        rows.push_back(&m_active[i]);
    for (int step = 0; step < steps && !rows.empty() && (step == 0 || secondsSince(start) < kSecondsPerRound); ++step) {
        if (m_stop.stop_requested() || !decodeStep(rows, thread, team))
            return false;
        std::erase_if(rows, [](const Active* active) { return active->ended; });
    }
    return true;
}

bool Batch::decodeStep(const std::vector<Active*>& rows, std::size_t thread, bool team)
{
    Scratch& scratch = m_scratch[thread];
    for (std::size_t first = 0; first < rows.size(); first += kMostRows) {
        const std::size_t last = std::min(rows.size(), first + kMostRows);
        std::vector<Span> spans;
        for (std::size_t i = first; i < last; ++i) {
            KvSequence& sequence = rows[i]->sequence;
            if (sequence.room() == 0)
                sequence.addBlock(m_pool.take());
            sequence.extend(1);
            spans.push_back({&sequence, &rows[i]->completion->ids.back(), 1});
        }
        const auto count = static_cast<std::int64_t>(spans.size());
        Forward::Options options = {Phase::decode, team, std::vector<std::int64_t>(spans.size())};
        std::iota(options.logitRows.begin(), options.logitRows.end(), std::int64_t{0});
        if (!m_forward.run(spans, scratch, options, m_stop))
            return false;
        parallelTasks(count, team && m_weights.config.vocabulary >= kLeastTeamVocabulary, [&](std::int64_t i, int worker) {
            Active& active = *rows[first + static_cast<std::size_t>(i)];
            Sampler& sampler = m_samplers[team ? static_cast<std::size_t>(worker) : thread];
            take(active, sampler.draw(scratch.logits.data() + i * m_forward.logitStride(), m_weights.config.vocabulary, active.random));
        });
    }
    return true;
}

void Batch::take(Active& active, const SampledToken& token)
{
    if (!std::isfinite(token.logprob)) {
        m_notFinite = true;
        active.ended = true;
        return;
    }
    Completion& completion = *active.completion;
    completion.ids.push_back(token.id);
    completion.logprobs.push_back(token.logprob);
    ++active.length;
    active.ended = true;
    if (std::find(m_request.stopIds.begin(), m_request.stopIds.end(), token.id) != m_request.stopIds.end())
        completion.stopReason = StopReason::stopId;
    else if (static_cast<int>(completion.ids.size()) >= m_request.sampling.maxTokens)
        completion.stopReason = StopReason::length;
    else if (active.length >= m_weights.config.contextLength)
        completion.stopReason = StopReason::context;
    else
        active.ended = false;
}

void Batch::report(Active& active)
{
    const Completion& completion = *active.completion;
    for (; active.reported < completion.ids.size(); ++active.reported) {
        ++m_result.completionTokens;
        if (m_onToken)
            m_onToken(completion.prompt, completion.index, completion.ids[active.reported]);
    }
    if (active.ended && m_onCompletion)
        m_onCompletion(completion);
}

// Cuts the rows where each part has about the same work: a row costs its products, and its attention by length.
std::vector<std::size_t> Batch::splitRows(int parts) const
{
    constexpr std::int64_t kProductsInPositions = 1000; // what a row's products cost, as positions attended to
    std::int64_t total = 0;
    for (const Active& active : m_active)
        total += kProductsInPositions + active.length;
    std::vector<std::size_t> cuts = {0};
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < m_active.size(); ++i) {
        sum += kProductsInPositions + m_active[i].length;
        if (sum * parts >= total * static_cast<std::int64_t>(cuts.size()) && cuts.size() < static_cast<std::size_t>(parts))
            cuts.push_back(i + 1);
    }
    if (cuts.back() < m_active.size())
        cuts.push_back(m_active.size());
    return cuts;
}

} // namespace precedent::core
