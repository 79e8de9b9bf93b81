#include "precedent/text/chain_parser.h"

#include <algorithm>

namespace precedent::text {
namespace {

bool isSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\v'; }

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && isSpace(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && isSpace(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string_view withoutStops(std::string_view text, const std::vector<std::string>& stopTexts)
{
    bool again = true;
    while (again) {
        again = false;
        for (const std::string& stop : stopTexts) {
            const std::string_view bare = trimmed(stop);
            const std::string_view tail = trimmed(text);
            if (!bare.empty() && tail.size() >= bare.size() && tail.substr(tail.size() - bare.size()) == bare) {
                text = tail.substr(0, tail.size() - bare.size());
                again = true;
            }
        }
    }
    return text;
}

/// Takes every occurrence of the delimiters out of a text that should hold none; true if there was one.
bool removeDelimiters(std::string& text, const ChainFormat& format)
{
    bool removed = false;
    for (const std::string* delimiter : {&format.open, &format.close}) {
        if (delimiter->empty() || text.find(*delimiter) == std::string::npos)
            continue;
        std::string kept;
        std::size_t from = 0;
        for (std::size_t at = text.find(*delimiter); at != std::string::npos; at = text.find(*delimiter, from)) {
            kept.append(text, from, at - from);
            from = at + delimiter->size();
        }
        kept.append(text, from);
        text = std::move(kept);
        removed = true;
    }
    if (removed)
        text = std::string(trimmed(text));
    return removed;
}

ParsedCompletion failed(std::string_view chain, std::string_view answer, std::string problem)
{
    return {std::string(trimmed(chain)), std::string(trimmed(answer)), false, std::move(problem)};
}

} // namespace

ParsedCompletion parseCompletion(std::string_view completion, const ChainFormat& format, const std::vector<std::string>& stopTexts)
{
    const std::string_view text = trimmed(withoutStops(completion, stopTexts));
    if (text.empty())
        return failed({}, {}, "The completion is empty.");
    if (format.close.empty())
        return failed({}, text, "The format has no closing delimiter, so no chain can be told apart.");

    const std::size_t open = format.open.empty() ? std::string_view::npos : text.find(format.open);
    const std::size_t close = text.find(format.close);
    const bool opened = open != std::string_view::npos;
    const bool closed = close != std::string_view::npos;
    if (!closed) {
        if (!opened && !format.openInPrompt)
            return failed({}, text, "There is no chain: neither " + format.open + " nor " + format.close + " was found.");
        ParsedCompletion parsed = failed(text, {}, "The chain never closed: " + format.close + " was not found.");
        removeDelimiters(parsed.chain, format);
        return parsed;
    }

    // The opening delimiter may stand in the prompt, in the completion, or (doubled) in both.
    const bool openFirst = opened && open < close;
    const std::size_t chainFrom = openFirst ? open + format.open.size() : 0;
    const std::string_view before = openFirst ? trimmed(text.substr(0, open)) : std::string_view();
    ParsedCompletion parsed;
    parsed.chain = trimmed(text.substr(chainFrom, close - chainFrom));
    parsed.answer = trimmed(text.substr(close + format.close.size()));
    const bool doubledInChain = removeDelimiters(parsed.chain, format);
    const bool doubledInAnswer = removeDelimiters(parsed.answer, format);

    if (!before.empty()) {
        parsed.problem = "There is text before the chain's opening " + format.open + ".";
        if (format.openInPrompt)
            parsed.chain = std::string(before) + "\n" + parsed.chain;
    } else if (!openFirst && !format.openInPrompt) {
        parsed.problem = "The chain never opened: " + format.close + " was found without " + format.open + " before it.";
    } else if (doubledInChain || doubledInAnswer || (openFirst && format.openInPrompt)) {
        parsed.problem = "A delimiter is doubled: " + format.open + " or " + format.close + " stands where the format has none.";
    } else if (parsed.chain.empty()) {
        parsed.problem = "The chain is empty.";
    } else if (parsed.answer.empty()) {
        parsed.problem = "The answer is empty: nothing follows " + format.close + ".";
    }
    parsed.ok = parsed.problem.empty();
    return parsed;
}

void openChains(const std::vector<std::string*>& replies, const ChainFormat& format)
{
    if (format.open.empty() || format.close.empty())
        return;
    std::vector<std::string*> unopened;
    for (std::string* reply : replies) {
        if (reply->find(format.open) == std::string::npos)
            unopened.push_back(reply);
    }
    const auto closes = [&](const std::string* reply) { return reply->find(format.close) != std::string::npos; };
    const auto closed = static_cast<std::size_t>(std::count_if(unopened.begin(), unopened.end(), closes));
    const bool all = closed > 0 && 2 * closed >= replies.size();
    for (std::string* reply : unopened) {
        if (all || closes(reply))
            reply->insert(0, format.open);
    }
}

} // namespace precedent::text
