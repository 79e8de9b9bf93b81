#include "core/generate/pooled_states.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/model/parallel.h"

namespace precedent::core {
namespace {

/// Texts taken in hand together: enough to fill passes and threads, few enough that their keys and values are small.
constexpr std::size_t kTextsAtOnce = 64;

/// A text's mean at the end of `result`, from the sum over its tokens. False if it is not finite.
bool finish(const std::vector<double>& sum, std::size_t tokens, bool normalise, PooledStates& result)
{
    double squares = 0;
    for (const double value : sum)
        squares += value * value;
    if (!std::isfinite(squares))
        return false;
    const double length = normalise ? std::sqrt(squares) : static_cast<double>(tokens);
    for (const double value : sum)
        result.values.push_back(static_cast<float>(length > 0 ? value / length : 0));
    result.tokens += static_cast<std::int64_t>(tokens);
    return true;
}

Error diverged()
{
    return {ErrorCode::internal, "The model's output is not a number: its weights have diverged.", "Go back to an earlier checkpoint."};
}

} // namespace

StatePooling::StatePooling(const Forward& forward, const PackedWeights& weights, std::vector<Scratch>& scratch,
    const PooledRequest& request, const std::stop_token& stop)
    : m_forward(forward)
    , m_weights(weights)
    , m_scratch(scratch)
    , m_request(request)
    , m_stop(stop)
{
    m_scratch.resize(std::max(m_scratch.size(), static_cast<std::size_t>(threadCount())));
}

Result<PooledStates> StatePooling::run()
{
    PooledStates result;
    result.width = m_weights.config.hiddenSize;
    result.values.reserve(m_request.texts.size() * static_cast<std::size_t>(result.width));
    for (std::size_t first = 0; first < m_request.texts.size(); first += kTextsAtOnce) {
        const std::size_t last = std::min(m_request.texts.size(), first + kTextsAtOnce);
        std::vector<Window> windows;
        std::vector<std::size_t> ends;
        for (std::size_t i = first; i < last; ++i) {
            for (Window& window : windowsOf(m_request.texts[i]))
                windows.push_back(std::move(window));
            ends.push_back(windows.size());
        }
        if (!(m_forward.packsPrompts() ? computePacked(windows) : computeSingly(windows)))
            return Error(ErrorCode::cancelled, "Stopped.");
        std::size_t next = 0;
        for (std::size_t i = first; i < last; ++i) {
            std::vector<double> sum(static_cast<std::size_t>(result.width));
            for (; next < ends[i - first]; ++next)
                std::transform(sum.begin(), sum.end(), windows[next].sum.begin(), sum.begin(), std::plus<>());
            if (!finish(sum, m_request.texts[i].size(), m_request.normalise, result))
                return diverged();
        }
    }
    return result;
}

std::vector<StatePooling::Window> StatePooling::windowsOf(const std::vector<int>& ids) const
{
    std::vector<Window> windows;
    const auto length = static_cast<std::int64_t>(ids.size());
    for (std::int64_t begin = 0; begin < length; begin += m_weights.config.contextLength) {
        Window& window = windows.emplace_back();
        window.ids = ids.data() + begin;
        window.count = std::min<std::int64_t>(m_weights.config.contextLength, length - begin);
    }
    return windows;
}

bool StatePooling::computePacked(std::vector<Window>& windows)
{
    Scratch& scratch = m_scratch.front();
    std::int64_t left = 0;
    for (const Window& window : windows)
        left += window.count;
    const std::int64_t most = m_forward.rowsPerPass(left);
    for (std::size_t next = 0; next < windows.size();) {
        std::vector<Span> spans;
        std::vector<Window*> owners;
        for (std::int64_t rows = 0; next < windows.size() && rows < most;) {
            Window& window = windows[next];
            if (window.sequence.length() == 0)
                begin(window);
            const std::int64_t from = window.sequence.length(), count = std::min(window.count - from, most - rows);
            window.sequence.extend(count);
            spans.push_back({&window.sequence, window.ids + from, count});
            owners.push_back(&window);
            rows += count;
            if (from + count == window.count)
                ++next;
        }
        if (!m_forward.run(spans, scratch, {Phase::prefill, /*team=*/true}, m_stop))
            return false;
        const float* states = scratch.normed.data();
        for (std::size_t i = 0; i < spans.size(); ++i) {
            add(*owners[i], states, spans[i].count);
            states += spans[i].count * m_forward.hiddenStride();
        }
    }
    return true;
}

bool StatePooling::computeSingly(std::vector<Window>& windows)
{
    const bool team = static_cast<int>(windows.size()) < threadCount();
    std::atomic<bool> whole{true};
    parallelTasks(static_cast<std::int64_t>(windows.size()), /*wide=*/!team, [&](std::int64_t i, int thread) {
        Window& window = windows[static_cast<std::size_t>(i)];
        Scratch& scratch = m_scratch[static_cast<std::size_t>(thread)];
        begin(window);
        const std::int64_t most = m_forward.rowsPerPass(window.count);
        for (std::int64_t from = 0; from < window.count; from += most) {
            const std::int64_t rows = std::min(most, window.count - from);
            window.sequence.extend(rows);
            if (!m_forward.run({Span{&window.sequence, window.ids + from, rows}}, scratch, {Phase::prefill, team}, m_stop)) {
                whole = false;
                return;
            }
            add(window, scratch.normed.data(), rows);
        }
    });
    return whole;
}

void StatePooling::begin(Window& window) const
{
    window.sequence.addBlock(std::make_shared<KvBlock>(m_weights.config, window.count, m_forward.kvFormat()));
    window.sum.assign(static_cast<std::size_t>(m_weights.config.hiddenSize), 0);
}

void StatePooling::add(Window& window, const float* states, std::int64_t rows) const
{
    for (std::int64_t r = 0; r < rows; ++r) {
        const float* state = states + r * m_forward.hiddenStride();
        for (std::size_t c = 0; c < window.sum.size(); ++c)
            window.sum[c] += static_cast<double>(state[c]);
    }
    if (window.sequence.length() == window.count)
        window.sequence = {};
}

Result<PooledStates> pooledStatesPlain(const Decoder& decoder, const PooledRequest& request, const std::stop_token& stop)
{
    const c10::InferenceMode guard;
    const at::Device device = decoder.parameters().front().second.device();
    const auto context = static_cast<std::ptrdiff_t>(decoder.config().contextLength);
    PooledStates result;
    result.width = decoder.config().hiddenSize;
    for (const std::vector<int>& text : request.texts) {
        std::vector<double> sum(static_cast<std::size_t>(result.width));
        for (auto begin = text.begin(); begin != text.end();) {
            if (stop.stop_requested())
                return Error(ErrorCode::cancelled, "Stopped.");
            const auto end = begin + std::min(context, text.end() - begin);
            const at::Tensor ids = at::tensor(std::vector<std::int64_t>(begin, end), at::kLong).to(device).unsqueeze(0);
            const at::Tensor added = decoder.hidden(ids)[0].to(at::kCPU, at::kDouble).sum(0).contiguous();
            std::transform(sum.begin(), sum.end(), added.data_ptr<double>(), sum.begin(), std::plus<>());
            begin = end;
        }
        if (!finish(sum, text.size(), request.normalise, result))
            return diverged();
    }
    return result;
}

} // namespace precedent::core
