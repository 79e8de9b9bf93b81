#include "ui/shell/menus.h"

#include <QActionGroup>
#include <QCoreApplication>
#include <QMenu>
#include <QMessageBox>
#include <QSettings>

#include "ui/shell/main_window.h"
#include "ui/shell/preferences.h"
#include "ui/shell/theme.h"

namespace precedent::ui {

void showAboutBox(QWidget& parent)
{
    QMessageBox::about(&parent, MainWindow::tr("About Precedent"),
        MainWindow::tr(
            "<h3>Precedent %1</h3><p>A workbench for safety codes, cases and the models that reason over them.</p>"
            "<p>Free software under the GNU General Public License, version 3 or later. It stands on Qt (LGPL 3), LibTorch (BSD), "
            "SQLite (public domain), QCustomPlot (GPL 3), QtKeychain (BSD), spdlog and JSON for Modern C++ (MIT), PCRE2 (BSD), ICU "
            "(Unicode), OpenSSL "
            "(Apache "
            "2) "
            "and the Noto fonts (SIL Open Font License 1.1).</p>")
            .arg(QCoreApplication::applicationVersion()));
}

void showSettingsMenu(QAction& keys, QAction& about, const QPoint& corner)
{
    QMenu menu;
    menu.addSection(MainWindow::tr("Colours"));
    auto* group = new QActionGroup(&menu);
    for (const auto& [choice, name] : {std::pair{ThemeChoice::system, MainWindow::tr("As the system")},
             {ThemeChoice::light, MainWindow::tr("Light")}, {ThemeChoice::dark, MainWindow::tr("Dark")}}) {
        QAction* action = menu.addAction(name);
        action->setCheckable(true);
        action->setChecked(Theme::instance().choice() == choice);
        group->addAction(action);
        QObject::connect(action, &QAction::triggered, &menu, [choice = choice] {
            Theme::instance().setChoice(choice);
            QSettings().setValue(QStringLiteral("theme"), static_cast<int>(choice));
        });
    }
    menu.addSection(MainWindow::tr("Window"));
    Preferences& preferences = Preferences::instance();
    const auto toggle = [&](const char* name, const QString& words, bool on, void (Preferences::*set)(bool)) {
        QAction* action = menu.addAction(words);
        action->setObjectName(QString::fromLatin1(name));
        action->setCheckable(true);
        action->setChecked(on);
        QObject::connect(action, &QAction::triggered, &preferences, set);
    };
    toggle("comfortableRows", MainWindow::tr("Comfortable rows"), preferences.isComfortable(), &Preferences::setComfortable);
    toggle("placeNames", MainWindow::tr("Names in the side bar"), preferences.showsNames(), &Preferences::setShowsNames);
    toggle("systemFont", MainWindow::tr("The system's font (from the next start)"), preferences.usesSystemFont(),
        &Preferences::setUsesSystemFont);
    menu.addSeparator();
    menu.addAction(&keys);
    menu.addAction(&about);
    menu.exec(corner - QPoint(menu.sizeHint().width(), 0));
}

} // namespace precedent::ui
