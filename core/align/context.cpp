#include "precedent/align/context.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "precedent/base/random.h"
#include "precedent/text/citations.h"

namespace precedent::align {
namespace {

using Values = std::map<std::string, std::string>;

// Replaces {name}; a brace that opens no known name stands as it is, so that requests may hold braces.
std::string fill(const std::string& pattern, const Values& values)
{
    std::string out;
    std::size_t at = 0;
    while (at < pattern.size()) {
        const std::size_t open = pattern.find('{', at);
        const std::size_t close = open == std::string::npos ? open : pattern.find('}', open);
        if (close == std::string::npos) {
            out += pattern.substr(at);
            break;
        }
        const auto found = values.find(pattern.substr(open + 1, close - open - 1));
        out += pattern.substr(at, open - at);
        if (found == values.end()) {
            out += '{';
            at = open + 1;
        } else {
            out += found->second;
            at = close + 1;
        }
    }
    return out;
}

bool isIdCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_'; }

// Replaces whole-word occurrences; a full stop after the id ends a sentence and is no part of it.
std::string replaceWord(const std::string& text, const std::string& word, const std::string& by)
{
    std::string out;
    std::size_t at = 0;
    while (true) {
        const std::size_t found = text.find(word, at);
        if (found == std::string::npos)
            return out + text.substr(at);
        const std::size_t end = found + word.size();
        const bool startsWord = found == 0 || !isIdCharacter(text[found - 1]);
        const bool stops = end == text.size() || !isIdCharacter(text[end]) ||
            (text[end] == '.' && (end + 1 == text.size() || !isIdCharacter(text[end + 1])));
        out += text.substr(at, found - at);
        if (startsWord && stops) {
            out += by;
            if (by.empty() && !out.empty() && out.back() == ' ')
                out.pop_back();
        } else {
            out += word;
        }
        at = end;
    }
}

// Takes every cited id for which `keep` says no out of its bracket, and the bracket with it where nothing is left.
std::string dropCitations(const std::string& text, const std::set<std::string>& keep)
{
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t open = text.find('[', at);
        const std::size_t close = open == std::string::npos ? open : text.find(']', open);
        if (close == std::string::npos)
            break;
        const std::string bracket = text.substr(open, close + 1 - open);
        const std::vector<std::string> cited = text::findCitations(bracket);
        out += text.substr(at, open - at);
        at = close + 1;
        if (std::all_of(cited.begin(), cited.end(), [&](const std::string& id) { return keep.contains(id); })) {
            out += bracket; // no citation at all, or only ids that stay
            continue;
        }
        std::string kept;
        for (const std::string& id : cited) {
            if (keep.contains(id))
                kept += (kept.empty() ? "" : ", ") + id;
        }
        if (!kept.empty())
            out += '[' + kept + ']';
        else if (!out.empty() && out.back() == ' ')
            out.pop_back();
    }
    return out + text.substr(std::min(at, text.size()));
}

std::string requestText(const std::vector<Message>& messages)
{
    if (messages.size() == 1)
        return messages.front().content;
    std::string text;
    for (const Message& message : messages)
        text += (text.empty() ? "" : "\n") + message.role + ": " + message.content;
    return text;
}

std::string_view withoutSpaceAtEnd(std::string_view text)
{
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::string joined(const std::vector<std::string>& items)
{
    std::string text;
    for (const std::string& item : items)
        text += (text.empty() ? "" : ", ") + item;
    return text;
}

// "C", unless a code of the run is called so.
std::string aliasPrefix(const std::vector<core::Code>& codes)
{
    const bool taken = std::any_of(codes.begin(), codes.end(), [](const core::Code& code) {
        return code.id.size() > 1 && code.id[0] == 'C' &&
            std::all_of(code.id.begin() + 1, code.id.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    });
    return taken ? "Case" : "C";
}

std::string codesText(const core::ContextTemplates& templates, Mode mode, const std::vector<core::Code>& codes, BuiltContext& built)
{
    std::string text = codes.empty() ? std::string() : templates.codesHeader;
    for (const core::Code& code : codes) {
        const bool detailed = mode == Mode::codes ? !code.detailed.empty() : code.simple.empty();
        text += fill(templates.codeLine, {{"id", code.id}, {"title", code.title}, {"text", detailed ? code.detailed : code.simple}});
        built.codesInContext.push_back(code.id);
    }
    return text;
}

// A text of a case with no raw case id left in it.
std::string aliased(std::string text, const std::vector<const core::Case*>& shown, const Values& aliasOf, const std::set<std::string>& keep)
{
    for (const auto& [id, alias] : aliasOf)
        text = replaceWord(text, id, alias);
    text = dropCitations(text, keep);
    for (const core::Case* item : shown) {
        if (!item->twinId.empty() && !aliasOf.contains(item->twinId))
            text = replaceWord(text, item->twinId, {});
    }
    return text;
}

std::string casesText(const core::ContextTemplates& templates, const std::vector<core::Code>& codes, std::vector<const core::Case*> cases,
    std::uint64_t seed, BuiltContext& built)
{
    if (cases.empty())
        return {};
    Random(seed, streamOf("case order")).shuffle(cases);
    const std::string prefix = aliasPrefix(codes);
    Values aliasOf;
    std::set<std::string> keep;
    for (const core::Code& code : codes)
        keep.insert(code.id);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const std::string alias = prefix + std::to_string(i + 1);
        aliasOf[cases[i]->id] = alias;
        built.aliases[alias] = cases[i]->id;
        built.casesInContext.push_back(cases[i]->id);
        keep.insert(alias);
    }
    std::string text = templates.casesHeader;
    for (const core::Case* item : cases) {
        text += fill(templates.caseBlock,
            {{"id", aliasOf.at(item->id)}, {"request", requestText(item->request)}, {"codes", joined(item->codes)},
                {"disposition", toString(item->disposition)}, {"chain", aliased(item->chain, cases, aliasOf, keep)},
                {"answer", aliased(item->answer, cases, aliasOf, keep)}});
    }
    return text;
}

} // namespace

BuiltContext buildContext(const core::ContextTemplates& templates, Mode mode, const std::vector<core::Code>& codes,
    const std::vector<const core::Case*>& cases, const std::vector<Message>& request, std::uint64_t seed)
{
    BuiltContext built;
    built.messages = request;
    if (mode == Mode::none)
        return built;
    std::string system = codesText(templates, mode, codes, built);
    if (mode == Mode::cases)
        system += casesText(templates, codes, cases, seed, built);
    system += templates.instruction;
    if (!request.empty() && request.front().role == "system") {
        built.messages.front().content = system + "\n\n" + request.front().content;
    } else {
        built.messages.insert(built.messages.begin(), Message{"system", system});
    }
    return built;
}

bool opensChain(std::string_view rendered, const core::ContextTemplates& templates)
{
    return withoutSpaceAtEnd(rendered).ends_with(templates.chainOpen);
}

std::string withChainOpening(std::string rendered, const core::ContextTemplates& templates)
{
    if (opensChain(rendered, templates))
        return rendered;
    if (const std::string_view closed = withoutSpaceAtEnd(rendered); closed.ends_with(templates.chainClose)) {
        std::string_view before = closed.substr(0, closed.size() - templates.chainClose.size());
        if (opensChain(before, templates))
            before = withoutSpaceAtEnd(before).substr(0, withoutSpaceAtEnd(before).size() - templates.chainOpen.size());
        rendered.resize(before.size());
    }
    return templates.openInPrompt ? std::move(rendered) + templates.chainOpen : rendered;
}

} // namespace precedent::align
