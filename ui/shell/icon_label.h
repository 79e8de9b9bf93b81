#pragma once

#include <QWidget>

#include "ui/shell/theme.h"

namespace precedent::ui {

/// An icon of 16 px among words, painted in the theme's colour of the moment (a label's pixmap would keep the colour it was made in).
class IconLabel final : public QWidget {
    Q_OBJECT
public:
    IconLabel(const QString& icon, Role role, QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_icon;
    Role m_role;
};

} // namespace precedent::ui
