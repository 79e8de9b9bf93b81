#pragma once

#include <QString>

class QWidget;

namespace precedent::ui {

/// Asks for a model: a folder by its config.json, or a .gguf file. Empty if the user chose none.
[[nodiscard]] QString chooseModel(QWidget* parent);

} // namespace precedent::ui
