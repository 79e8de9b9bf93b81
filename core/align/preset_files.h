#pragma once

#include <string>
#include <vector>

namespace precedent::align {

struct PresetFile {
    std::string name; ///< the file's, without its ending
    std::string json; ///< {"order", "about", "settings"}
};

/// resources/presets as it was when the program was built.
[[nodiscard]] const std::vector<PresetFile>& presetFiles();

} // namespace precedent::align
