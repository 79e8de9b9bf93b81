#include <algorithm>

#include "core/align/preset_files.h"
#include "precedent/align/run_spec_json.h"

namespace precedent::align {
namespace {

struct Preset {
    std::string name;
    std::string about;
    int order = 0;
    Json settings;
};

const std::vector<Preset>& presets()
{
    static const std::vector<Preset> all = [] {
        std::vector<Preset> read;
        for (const PresetFile& file : presetFiles()) {
            const Json json = Json::parse(file.json); // tst_run_spec reads each of them
            read.push_back({file.name, json.at("about").get<std::string>(), json.at("order").get<int>(), json.at("settings")});
        }
        std::sort(read.begin(), read.end(), [](const Preset& a, const Preset& b) { return a.order < b.order; });
        return read;
    }();
    return all;
}

const Preset* find(std::string_view name)
{
    const auto found = std::find_if(presets().begin(), presets().end(), [&](const Preset& preset) { return preset.name == name; });
    return found == presets().end() ? nullptr : &*found;
}

} // namespace

std::vector<std::string> presetNames()
{
    std::vector<std::string> names;
    for (const Preset& preset : presets())
        names.push_back(preset.name);
    return names;
}

std::string aboutPreset(std::string_view name)
{
    const Preset* preset = find(name);
    return preset == nullptr ? std::string() : preset->about;
}

Result<core::RunSpec> preset(std::string_view name)
{
    const Preset* found = find(name);
    if (found == nullptr) {
        std::string list;
        for (const Preset& known : presets())
            list += (list.empty() ? "" : ", ") + known.name;
        return Error(ErrorCode::invalidArgument, "There is no preset '" + std::string(name) + "'.", "The presets are " + list + ".");
    }
    core::RunSpec spec;
    spec.preset = found->name;
    auto read = runSpecFromJson(found->settings, spec);
    return read.ok() ? read : Result<core::RunSpec>(read.error().in("the preset " + found->name));
}

} // namespace precedent::align
