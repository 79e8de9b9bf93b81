#pragma once

#include <functional>

#include "precedent/base/json.h"
#include "ui/runs/setting_table.h"

class QWidget;

namespace precedent::ui {

/// The control of one setting. What the user does to it goes to the function it was made with; show() says nothing to that.
struct SettingField {
    QWidget* widget = nullptr;
    bool wide = false; ///< it takes the note's place, and the note goes below
    std::function<void(const Json& value)> show; ///< null: there is no such key, as a part of weight 0
};
using Edited = std::function<void(const Json& value)>;

inline constexpr int kNumberWidth = 96;

[[nodiscard]] SettingField makeField(const Setting& setting, QWidget* parent, const Edited& edited);

// Those with files of their own.
[[nodiscard]] SettingField makeModelField(const Setting& setting, QWidget* parent, const Edited& edited);
[[nodiscard]] SettingField makeFileField(const Setting& setting, QWidget* parent, const Edited& edited);
[[nodiscard]] SettingField makeJudgeField(const Setting& setting, QWidget* parent, const Edited& edited);
[[nodiscard]] SettingField makeWeightsField(const Setting& setting, QWidget* parent, const Edited& edited);

/// What the judge that pays is, and what it means to choose it.
[[nodiscard]] QString judgeNote(const core::RunSpec& spec);

} // namespace precedent::ui
