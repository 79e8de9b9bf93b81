#include "app/workspace/answer_features.h"

#include <algorithm>

#include "precedent/align/context.h"

namespace precedent::workspace {
namespace {

/// Answers read between two looks at how far it is.
constexpr std::size_t kAtOnce = 16;

} // namespace

Result<AnswerFeatures::Ids> AnswerFeatures::idsOf(const core::JudgeQuestion& question) const
{
    Result<std::string> rendered = m_encoder.render({{"user", question.request}}, m_templates);
    if (!rendered)
        return rendered.error();
    if (align::opensChain(*rendered, m_templates))
        *rendered += m_templates.chainClose + "\n\n";
    Ids ids;
    ids.prompt = m_encoder.encode(*rendered);
    std::vector<int> answer = m_encoder.tokenizer().encode(question.answer, false);
    const auto context = static_cast<std::size_t>(m_model.info().contextLength);
    answer.resize(std::min({answer.size(), kMostTokens, context / 2}));
    // A request that leaves no room gives way at its beginning: the turn's end must stand before the answer.
    if (ids.prompt.size() + answer.size() > context)
        ids.prompt.erase(ids.prompt.begin(), ids.prompt.end() - static_cast<std::ptrdiff_t>(context - answer.size()));
    ids.whole = ids.prompt;
    ids.whole.insert(ids.whole.end(), answer.begin(), answer.end());
    return ids;
}

Status AnswerFeatures::addRows(const std::vector<Ids>& some, std::vector<float>& rows, const std::stop_token& stop)
{
    core::PooledRequest request;
    for (const Ids& ids : some) {
        request.texts.push_back(ids.prompt);
        request.texts.push_back(ids.whole);
    }
    const Result<core::PooledStates> states = m_model.pooledStates(request, stop);
    if (!states)
        return states.error();
    const auto C = static_cast<std::size_t>(states.value().width);
    for (std::size_t i = 0; i < some.size(); ++i) {
        const float* before = states.value().row(2 * i);
        const float* whole = states.value().row(2 * i + 1);
        const auto prompt = static_cast<double>(some[i].prompt.size());
        const auto all = static_cast<double>(some[i].whole.size());
        // A token's state hangs on what stands before it alone, so the mean over the answer is what the two means leave.
        for (std::size_t c = 0; c < C; ++c)
            rows.push_back(static_cast<float>(all > prompt ? (all * whole[c] - prompt * before[c]) / (all - prompt) : whole[c]));
    }
    return {};
}

Result<std::vector<float>> AnswerFeatures::of(
    const std::vector<core::JudgeQuestion>& questions, const core::JudgedObserver& observer, const std::stop_token& stop)
{
    std::vector<float> rows;
    for (std::size_t begin = 0; begin < questions.size(); begin += kAtOnce) {
        std::vector<Ids> some;
        for (std::size_t i = begin; i < std::min(begin + kAtOnce, questions.size()); ++i) {
            Result<Ids> ids = idsOf(questions[i]);
            if (!ids)
                return ids.error();
            some.push_back(std::move(*ids));
        }
        PRECEDENT_TRY(addRows(some, rows, stop));
        if (observer)
            observer(begin + some.size());
    }
    return rows;
}

} // namespace precedent::workspace
