#pragma once

#include <QString>

#include "precedent/base/domain.h"
#include "ui/shell/theme.h"

namespace precedent::ui {

/// How a disposition or a verdict looks everywhere: icon, word, colour.
struct DispositionLook {
    QString icon;
    QString word;
    Role role;
};
[[nodiscard]] DispositionLook lookOf(Disposition disposition);
[[nodiscard]] DispositionLook lookOf(Verdict verdict);

} // namespace precedent::ui
