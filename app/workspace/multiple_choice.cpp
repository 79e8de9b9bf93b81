#include "precedent/workspace/multiple_choice.h"

#include <algorithm>

namespace precedent::workspace {

std::vector<std::string> choiceLetters(const casebase::Prompt& prompt)
{
    const std::string& right = prompt.utilityAnswer;
    if (prompt.label != PromptLabel::utility || right.size() != 1)
        return {};
    const std::string request = "\n" + lastUserText(prompt.messages);
    std::vector<std::string> letters;
    std::size_t at = 0;
    for (char letter = 'A'; letter <= 'Z'; ++letter) {
        at = request.find(std::string("\n") + letter + ". ", at);
        if (at == std::string::npos)
            break;
        letters.emplace_back(1, letter);
        ++at;
    }
    const bool whole = letters.size() >= 2 && std::find(letters.begin(), letters.end(), right) != letters.end();
    return whole ? letters : std::vector<std::string>();
}

std::string emptyChain(const core::ContextTemplates& templates)
{
    return (templates.openInPrompt ? "" : templates.chainOpen + "\n") + templates.chainClose + "\n";
}

Result<std::vector<double>> letterLogProbs(core::Model& model, const align::PromptEncoder& encoder, const core::ContextTemplates& templates,
    const std::string& rendered, const std::vector<std::string>& letters, std::int64_t& tokens)
{
    std::vector<std::vector<int>> texts;
    for (const std::string& letter : letters)
        texts.push_back(encoder.encode(rendered + emptyChain(templates) + letter));
    std::size_t common = texts.front().size();
    const std::vector<int>& first = texts.front();
    for (const auto& ids : texts) {
        const auto apart = std::mismatch(ids.begin(), ids.end(), first.begin(), first.end()).first;
        common = std::min(common, static_cast<std::size_t>(apart - ids.begin()));
    }
    std::vector<double> weights;
    for (const auto& ids : texts) {
        const Result<core::LogitsResult> result = model.logits(ids, 0);
        if (!result)
            return result.error();
        double weight = 0;
        for (std::size_t i = std::max<std::size_t>(common, 1); i < ids.size(); ++i)
            weight += result->logprobs[i - 1]; // log p(ids[i] | what stands before it)
        weights.push_back(weight);
        tokens += static_cast<std::int64_t>(ids.size());
    }
    return weights;
}

} // namespace precedent::workspace
