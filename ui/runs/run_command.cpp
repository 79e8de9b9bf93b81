#include "ui/runs/run_command.h"

#include <algorithm>

#include "precedent/align/run_spec_json.h"

namespace precedent::ui {
namespace {

constexpr const char* kPlainest = "cada"; ///< the preset that sets nothing

std::string presetOf(const core::RunSpec& spec) { return align::preset(spec.preset).ok() ? spec.preset : kPlainest; }

/// As applySetting() reads it: JSON where a string would be taken for JSON.
std::string valueText(const Json& value)
{
    if (!value.is_string())
        return dumpJson(value);
    const auto text = value.get<std::string>();
    return Json::parse(text, nullptr, /*allow_exceptions=*/false).is_discarded() ? text : dumpJson(value);
}

std::string quoted(const std::string& word)
{
    const auto plain = [](unsigned char c) {
        return std::isalnum(c) != 0 || std::string_view("_-./=:,@%+").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (!word.empty() && std::all_of(word.begin(), word.end(), plain))
        return word;
    std::string out = "'";
    for (const char c : word)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

} // namespace

std::vector<std::string> changedSettings(const core::RunSpec& spec)
{
    const auto preset = align::preset(presetOf(spec));
    const Json then = align::toJson(preset.ok() ? *preset : core::RunSpec()), is = align::toJson(spec);
    std::vector<std::string> settings;
    for (const auto& [key, value] : is.items()) {
        const Json& was = then.at(key);
        if (value == was || key == "model")
            continue;
        if (key != "reward_weights" && key != "guards") { // these two are read into what is there, the others replace it
            settings.push_back(key + "=" + valueText(value));
            continue;
        }
        for (const auto& [part, amount] : value.items()) {
            if (!was.contains(part) || was.at(part) != amount)
                settings.push_back(key + "." + part + "=" + valueText(amount));
        }
        for (const auto& [part, amount] : was.items()) {
            if (!value.contains(part)) // left out where it is 0
                settings.push_back(key + "." + part + "=0.0");
        }
    }
    return settings;
}

std::string trainCommand(const std::filesystem::path& casebase, const RunOrder& order)
{
    std::string line = "precedent-cli train --casebase " + quoted(casebase.string()) + " --model " + quoted(order.spec.model) +
        " --preset " + quoted(presetOf(order.spec));
    for (const std::string& setting : changedSettings(order.spec))
        line += " --set " + quoted(setting);
    if (order.includeDrafts)
        line += " --include-drafts";
    return line;
}

} // namespace precedent::ui
