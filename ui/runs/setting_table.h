#pragma once

#include <utility>
#include <vector>

#include <QString>

#include "precedent/core/run_spec.h"

namespace precedent::ui {

/// One setting of a run as the form asks for it. What it may be is align::validate()'s to say: bounds here only keep a field from
/// running off.
struct Setting {
    enum class Kind {
        whole,
        real,
        yesNo,
        choice, ///< one of `choices`, in a list
        segments, ///< one of `choices`, side by side
        mode, ///< one mode, or several by share
        shares, ///< of each of `choices`
        checks, ///< those of `choices` that are ticked
        list, ///< words between commas
        text,
        model,
        file,
        weights, ///< of the reward's parts
        judge
    };
    QString key = {}; ///< as in a spec's JSON; a dot reaches into an object
    QString title = {};
    QString note = {};
    Kind kind = Kind::whole;
    double least = 0;
    double most = 1e9;
    double step = 1; ///< of an arrow; 0: it doubles and halves
    QString none = {}; ///< what the least value (or, for shares and texts, nothing) means
    std::vector<std::pair<QString, QString>> choices = {}; ///< value and words
    bool (*matters)(const core::RunSpec& spec) = nullptr; ///< false: of no effect with these settings; null: always
    QString name = {}; ///< the field's object name where it is not the key with "Field" behind it
};

struct SettingGroup {
    QString id;
    QString title;
    bool open = false; ///< at first
    std::vector<Setting> settings;
};

/// Every key of a spec but version, preset and the judge's hash, in the order of the form.
[[nodiscard]] std::vector<SettingGroup> settingGroups();

/// Those of the servers that a run asks: a group in a file of its own.
[[nodiscard]] SettingGroup serverSettings();

/// What a group's settings come to, in half a sentence.
[[nodiscard]] QString summaryOf(const QString& group, const core::RunSpec& spec);

} // namespace precedent::ui
