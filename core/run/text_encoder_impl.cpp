#include "core/run/text_encoder_impl.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/model/encoder.h"
#include "core/run/guarded.h"

namespace precedent::core {
namespace {

Status checkText(const std::vector<int>& ids, std::size_t number, const EncoderConfig& config)
{
    const std::string which = "Text " + std::to_string(number) + " ";
    if (ids.empty())
        return Error(ErrorCode::invalidArgument, which + "has no token.");
    if (ids.size() > static_cast<std::size_t>(config.longestText))
        return Error(ErrorCode::invalidArgument,
            which + "has " + std::to_string(ids.size()) + " tokens; this encoder reads " + std::to_string(config.longestText) + ".");
    const auto wrong = std::find_if(ids.begin(), ids.end(), [&](int id) { return id < 0 || id >= config.vocabulary; });
    if (wrong != ids.end())
        return Error(ErrorCode::invalidArgument,
            which + "has the id " + std::to_string(*wrong) + "; the vocabulary has " + std::to_string(config.vocabulary) + " tokens.");
    return {};
}

class TextEncoderImpl final : public TextEncoder {
public:
    explicit TextEncoderImpl(Encoder encoder)
        : m_encoder(std::move(encoder))
    {
        const EncoderConfig& config = m_encoder.config();
        m_info = {config.family, m_encoder.parameterCount(), config.hiddenSize, config.vocabulary, config.longestText,
            config.pooling == EncoderConfig::Pooling::mean ? "mean" : "first token", m_encoder.sha256()};
    }

    [[nodiscard]] const EncoderInfo& info() const override { return m_info; }

    [[nodiscard]] Result<PooledStates> vectors(const std::vector<std::vector<int>>& texts, std::stop_token stop) override
    {
        const std::scoped_lock lock(m_mutex);
        return guarded("Computing vectors", [&] { return compute(texts, stop); });
    }

private:
    Result<PooledStates> compute(const std::vector<std::vector<int>>& texts, const std::stop_token& stop)
    {
        for (std::size_t i = 0; i < texts.size(); ++i)
            PRECEDENT_TRY(checkText(texts[i], i, m_encoder.config()));
        const c10::InferenceMode inference;
        PooledStates result;
        result.width = m_info.width;
        result.values.resize(texts.size() * static_cast<std::size_t>(result.width));
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (stop.stop_requested())
                throw Cancelled();
            const at::Tensor vector = m_encoder.pooled(texts[i]).to(at::kDouble);
            const double length = std::sqrt(vector.square().sum().item<double>());
            if (!std::isfinite(length))
                return Error(ErrorCode::internal, "The encoder's output is not a number: its weights are damaged.", "Fetch it again.");
            const at::Tensor row = (vector / std::max(length, 1e-12)).to(at::kFloat).contiguous();
            std::copy_n(row.data_ptr<float>(), result.width, result.values.begin() + static_cast<std::ptrdiff_t>(i) * result.width);
            result.tokens += static_cast<std::int64_t>(texts[i].size());
        }
        return result;
    }

    std::mutex m_mutex;
    const Encoder m_encoder;
    EncoderInfo m_info;
};

} // namespace

Result<std::shared_ptr<TextEncoder>> openEncoder(const std::string& folder)
{
    return guarded("Loading " + folder, [&]() -> Result<std::shared_ptr<TextEncoder>> {
        const c10::InferenceMode inference;
        auto encoder = Encoder::load(folder);
        if (!encoder.ok())
            return encoder.error();
        return std::shared_ptr<TextEncoder>(std::make_shared<TextEncoderImpl>(*std::move(encoder)));
    });
}

} // namespace precedent::core
