#include "precedent/align/templates.h"

#include <set>

#include "precedent/architecture/model_text.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

namespace precedent::align {
namespace {

namespace fs = std::filesystem;

std::string listed(const std::set<std::string>& names)
{
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "{" : ", {") + name + "}";
    return text.empty() ? "none" : text;
}

// A placeholder is a lower-case word in braces; other braces are text.
Status checkPlaceholders(const std::string& text, const std::set<std::string>& known, const std::string& file)
{
    for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
        const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", open + 1);
        if (end == std::string::npos || text[end] != '}' || end == open + 1)
            continue;
        const std::string name = text.substr(open + 1, end - open - 1);
        if (!known.contains(name))
            return Error(ErrorCode::invalidArgument, file + " uses the placeholder {" + name + "}, which there is not.",
                "Known here: " + listed(known) + ".");
    }
    return {};
}

Status readText(const fs::path& path, const std::set<std::string>& known, std::string& out)
{
    Result<std::string> text = readFile(path, 1 << 20);
    if (!text.ok())
        return text.error();
    out = std::move(text).value();
    return checkPlaceholders(out, known, path.string());
}

} // namespace

Result<core::ContextTemplates> loadTemplates(const fs::path& folder)
{
    core::ContextTemplates t;
    PRECEDENT_TRY(readText(folder / "codes_header.txt", {}, t.codesHeader));
    PRECEDENT_TRY(readText(folder / "code_line.txt", {"id", "title", "text"}, t.codeLine));
    PRECEDENT_TRY(readText(folder / "cases_header.txt", {}, t.casesHeader));
    PRECEDENT_TRY(readText(folder / "case_block.txt", {"id", "request", "codes", "disposition", "chain", "answer"}, t.caseBlock));
    PRECEDENT_TRY(readText(folder / "instruction.txt", {}, t.instruction));
    const fs::path settings = folder / "templates.json";
    Result<std::string> text = readFile(settings, 1 << 20);
    if (!text.ok())
        return text.error();
    Result<Json> json = parseJson(*text, settings.string());
    if (!json.ok())
        return json.error();
    try {
        t.chainOpen = json->value("chain_open", t.chainOpen);
        t.chainClose = json->value("chain_close", t.chainClose);
        t.openInPrompt = json->value("open_in_prompt", t.openInPrompt);
    } catch (const Json::exception& e) {
        return Error(ErrorCode::invalidArgument, settings.string() + ": " + e.what(),
            "chain_open and chain_close are texts, open_in_prompt is true or false.");
    }
    if (t.chainOpen.empty() || t.chainClose.empty())
        return Error(ErrorCode::invalidArgument, settings.string() + ": chain_open and chain_close must not be empty.");
    return t;
}

Result<fs::path> templateFolderFor(const fs::path& modelFolder)
{
    Result<fs::path> resources = resourceFolder();
    if (!resources.ok())
        return resources.error();
    Result<text::ChatTemplate> chat = core::loadChatTemplate(modelFolder);
    if (!chat.ok())
        return chat.error();
    return *resources / "templates" / (chat->name() == "starter" ? "starter" : "default");
}

} // namespace precedent::align
