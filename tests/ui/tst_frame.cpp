#include <QtTest/QtTest>

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAccessible>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSettings>
#include <QSplitter>
#include <QTableView>
#include <QTextEdit>

#include "tests/ui/window_fixture.h"
#include "ui/shell/preferences.h"
#include "ui/shell/side_bar.h"

using namespace precedent;

namespace {

bool isInteractive(const QWidget& widget)
{
    return qobject_cast<const QAbstractButton*>(&widget) != nullptr || qobject_cast<const QLineEdit*>(&widget) != nullptr ||
        qobject_cast<const QComboBox*>(&widget) != nullptr || qobject_cast<const QAbstractItemView*>(&widget) != nullptr ||
        qobject_cast<const QTextEdit*>(&widget) != nullptr;
}

/// Qt's own parts of a larger control: the field of a spin box, the list of a menu of choices, a table's corner.
bool isPartOfAnother(const QWidget& widget)
{
    const QString name = widget.objectName();
    if (name.startsWith(QStringLiteral("qt_")) || widget.inherits("QTableCornerButton") || widget.inherits("QHeaderView"))
        return true;
    for (const QWidget* above = widget.parentWidget(); above != nullptr; above = above->parentWidget()) {
        if (above->inherits("QAbstractSpinBox") || above->inherits("QComboBox") || above->inherits("QComboBoxPrivateContainer") ||
            above->inherits("QLineEdit"))
            return true;
    }
    return false;
}

QString pathOf(const QWidget& widget)
{
    QString path = QString::fromLatin1(widget.metaObject()->className()) + QLatin1Char(' ') + widget.objectName();
    for (const QWidget* above = widget.parentWidget(); above != nullptr; above = above->parentWidget()) {
        if (!above->objectName().isEmpty())
            return path + QStringLiteral(" in ") + above->objectName();
    }
    return path;
}

} // namespace

/// What holds for the window as a whole.
class TestFrame : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { makeSample(); }
    void init()
    {
        openWindow();
        ui::Preferences::instance().read();
    }
    void cleanup() { closeWindow(); }
    void everyControlHasANameForTestsAndScreenReaders();
    void everyPlaceIsOneKeyAway();
    void windowReopensWhereItWas();
    void splittersKeepTheirWidths();
    void rowsAndNamesFollowTheSettings();
    void settingsSurviveNonsense();
};

void TestFrame::everyControlHasANameForTestsAndScreenReaders()
{
    open(copyOfSample("names.casebase"));
    QStringList nameless;
    for (QWidget* widget : m_window->findChildren<QWidget*>()) {
        if (!isInteractive(*widget) || isPartOfAnother(*widget))
            continue;
        QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
        if (widget->objectName().isEmpty())
            nameless += pathOf(*widget) + QStringLiteral(" has no objectName");
        const bool silent = spoken == nullptr || spoken->text(QAccessible::Name).trimmed().isEmpty();
        // A button without words is empty until it is told what it stands for.
        if (silent && widget->toolTip().isEmpty() && !widget->isHidden())
            nameless += pathOf(*widget) + QStringLiteral(" has nothing to be called by");
    }
    nameless.removeDuplicates();
    QVERIFY2(nameless.isEmpty(), qPrintable(QStringLiteral("\n  ") + nameless.join(QStringLiteral("\n  "))));
}

void TestFrame::everyPlaceIsOneKeyAway()
{
    open(copyOfSample("keys.casebase"));
    QStringList seen;
    for (const Qt::Key key : {Qt::Key_1, Qt::Key_2, Qt::Key_3, Qt::Key_4, Qt::Key_5}) {
        for (const QAction* action : m_window->actions()) {
            if (action->shortcut() == QKeySequence(Qt::CTRL | key)) {
                const_cast<QAction*>(action)->trigger();
                seen += child<QLabel>("placeLabel")->text();
            }
        }
    }
    QCOMPARE(seen, (QStringList{"Casebase", "Runs", "Inspect", "Evaluate", "Models"}));
}

void TestFrame::windowReopensWhereItWas()
{
    const QString path = copyOfSample("reopen.casebase");
    const QString other = copyOfSample("other.casebase");
    open(path);
    auto* cases = child<QTableView>("casesTable");
    QTRY_VERIFY(!cases->model()->index(5, 0).data().toString().isEmpty());
    child<QLineEdit>("caseSearchEdit")->setText(QStringLiteral("barrier"));
    QTRY_VERIFY(cases->model()->rowCount() > 1 && cases->model()->rowCount() < 20);
    cases->selectRow(1);
    const QString id = cases->model()->index(1, 0).data().toString();
    QTRY_COMPARE(child<QLabel>("caseIdLabel")->text(), id);
    child<QAction>("inspectGo")->trigger();
    m_window->close();
    m_window = std::make_unique<ui::MainWindow>();
    m_window->show();
    m_window->openLast();
    QTRY_VERIFY_WITH_TIMEOUT(m_window->casebase() != nullptr, 10000);
    QCOMPARE(m_window->casebase()->path().string(), path.toStdString());
    QCOMPARE(child<QLabel>("placeLabel")->text(), QStringLiteral("Inspect"));
    child<QAction>("casebaseGo")->trigger();
    QCOMPARE(child<QLineEdit>("caseSearchEdit")->text(), QStringLiteral("barrier"));
    QTRY_COMPARE(child<QLabel>("caseIdLabel")->text(), id);
    child<QAction>("inspectGo")->trigger();
    // Another casebase has a view of its own.
    m_window->openCasebase(other.toStdString());
    QTRY_COMPARE(m_window->casebase()->path().string(), other.toStdString());
    QCOMPARE(child<QLabel>("placeLabel")->text(), QStringLiteral("Casebase"));
}

void TestFrame::splittersKeepTheirWidths()
{
    const QString path = copyOfSample("splitters.casebase");
    open(path);
    child<QAction>("inspectGo")->trigger();
    auto* splitter = child<QSplitter>("inspectSplitter");
    QTRY_VERIFY(splitter->isVisible());
    splitter->setSizes({900, 492});
    const QList<int> sizes = splitter->sizes();
    m_window->close();
    m_window = std::make_unique<ui::MainWindow>();
    m_window->show();
    open(path);
    child<QAction>("inspectGo")->trigger();
    QTRY_COMPARE(child<QSplitter>("inspectSplitter")->sizes(), sizes);
}

void TestFrame::rowsAndNamesFollowTheSettings()
{
    open(copyOfSample("rows.casebase"));
    auto* table = child<QTableView>("casesTable");
    QTRY_VERIFY(table->model()->rowCount() > 0);
    QCOMPARE(table->rowHeight(0), 28);
    const int narrow = child<ui::SideBar>("sideBar")->width();
    ui::Preferences::instance().setComfortable(true);
    ui::Preferences::instance().setShowsNames(true);
    QCOMPARE(table->rowHeight(0), 36);
    QVERIFY(child<ui::SideBar>("sideBar")->width() > narrow);
    m_window = std::make_unique<ui::MainWindow>();
    QCOMPARE(child<QTableView>("casesTable")->verticalHeader()->defaultSectionSize(), 36);
    ui::Preferences::instance().setComfortable(false);
    ui::Preferences::instance().setShowsNames(false);
    QCOMPARE(child<ui::SideBar>("sideBar")->width(), narrow);
}

void TestFrame::settingsSurviveNonsense()
{
    const QString path = copyOfSample("nonsense.casebase");
    open(path);
    m_window->close();
    QSettings settings;
    for (const QString& key : settings.allKeys())
        settings.setValue(key, QByteArray("\0\xff nonsense", 11));
    settings.setValue(QStringLiteral("comfortableRows"), QStringLiteral("perhaps"));
    m_window = std::make_unique<ui::MainWindow>();
    m_window->show();
    open(path);
    QCOMPARE(child<QLabel>("placeLabel")->text(), QStringLiteral("Casebase"));
}

QTEST_MAIN(TestFrame)
#include "tst_frame.moc"
