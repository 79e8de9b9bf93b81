#pragma once

class QAction;
class QPoint;
class QWidget;

namespace precedent::ui {

/// Version, licence, and what the program stands on.
void showAboutBox(QWidget& parent);

/// Colours, `keys`, and `about`. `corner`: where its upper right corner goes, global.
void showSettingsMenu(QAction& keys, QAction& about, const QPoint& corner);

} // namespace precedent::ui
