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
    std::ptrdiff_t common = static_cast<std::ptrdiff_t>(texts.front().size()) - 1;
    const std::vector<int>& first = texts.front();
    for (const auto& ids : texts)
        common = std::min(common, std::mismatch(ids.begin(), ids.end() - 1, first.begin(), first.end()).first - ids.begin());
    const std::vector<int> prompt(first.begin(), first.begin() + common);
    std::vector<std::vector<int>> continuations;
    tokens += common;
    for (const auto& ids : texts) {
        continuations.emplace_back(ids.begin() + common, ids.end());
        tokens += static_cast<std::int64_t>(continuations.back().size()) - 1;
    }
    return model.continuationLogProbs(prompt, continuations);
}

} // namespace precedent::workspace
