#include "core/align/torch/shared_gradient.h"

#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>

#include "core/run/agreement.h"

namespace precedent::core {
namespace {

/// Gradients go in pieces of this many numbers (16 MB): large enough that a network is used well, small enough to be no second copy.
constexpr std::int64_t kPiece = std::int64_t{1} << 22;

/// What a rank says before gradients are summed: its figures, then a byte for each parameter, 1 where it has a gradient.
std::string say(const std::vector<double*>& figures, const NamedTensors& parameters)
{
    std::string text(figures.size() * sizeof(double), '\0');
    for (std::size_t i = 0; i < figures.size(); ++i)
        std::memcpy(text.data() + i * sizeof(double), figures[i], sizeof(double));
    for (const auto& [name, tensor] : parameters)
        text += tensor.grad().defined() ? '\1' : '\0';
    return text;
}

/// Sums flat runs of gradients, gathered until a piece is full.
class Summing {
public:
    explicit Summing(Ranks& ranks)
        : m_ranks(ranks)
        , m_piece(at::empty({kPiece}, at::kFloat))
    {
    }

    void add(const at::Tensor& gradient)
    {
        const at::Tensor flat = gradient.view({-1});
        for (std::int64_t from = 0; from < flat.numel();) {
            const std::int64_t count = std::min(flat.numel() - from, kPiece - m_used);
            const at::Tensor part = flat.slice(0, from, from + count);
            m_piece.slice(0, m_used, m_used + count).copy_(part);
            m_parts.push_back({part, m_used});
            m_used += count;
            from += count;
            if (m_used == kPiece)
                finish();
        }
    }

    void finish()
    {
        if (m_used == 0)
            return;
        if (const Status summed = m_ranks.sum({m_piece.data_ptr<float>(), static_cast<std::size_t>(m_used)}); !summed.ok())
            throw RankFailure(summed.error());
        for (const Part& part : m_parts)
            part.gradient.copy_(m_piece.slice(0, part.at, part.at + part.gradient.numel()));
        m_parts.clear();
        m_used = 0;
    }

private:
    struct Part {
        at::Tensor gradient; ///< shares the parameter's
        std::int64_t at;
    };
    Ranks& m_ranks;
    at::Tensor m_piece;
    std::vector<Part> m_parts;
    std::int64_t m_used = 0;
};

} // namespace

void shareGradient(Ranks& ranks, const std::function<void()>& own, const NamedTensors& parameters, const std::vector<double*>& figures)
{
    const Status done = attempt(own);
    const std::vector<std::string> said = agreeOrThrow(ranks, done, say(figures, parameters));
    const std::size_t head = figures.size() * sizeof(double);
    for (const std::string& text : said) {
        if (text.size() != head + parameters.size())
            throw RankFailure(Error(ErrorCode::internal, "The ranks train different parameters."));
    }
    for (std::size_t i = 0; i < figures.size(); ++i) {
        *figures[i] = 0; // summed in the order of ranks, so that all have the same bits
        for (const std::string& text : said) {
            double value = 0;
            std::memcpy(&value, text.data() + i * sizeof(double), sizeof(double));
            *figures[i] += value;
        }
    }
    const at::NoGradGuard guard;
    Summing summing(ranks);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (std::none_of(said.begin(), said.end(), [&](const std::string& text) { return text[head + i] != '\0'; }))
            continue;
        at::Tensor& gradient = parameters[i].second.mutable_grad();
        if (!gradient.defined())
            gradient = at::zeros_like(parameters[i].second.detach());
        if (!gradient.is_contiguous())
            gradient = gradient.contiguous();
        summing.add(gradient);
    }
    summing.finish();
}

} // namespace precedent::core
