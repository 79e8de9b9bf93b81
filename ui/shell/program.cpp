#include "precedent/ui/program.h"

#include <cstdio>

#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>

#include "ui/shell/icons.h"
#include "ui/shell/main_window.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {

int runProgram(int argc, char** argv)
{
    QApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("precedent"));
    QCoreApplication::setOrganizationName(QStringLiteral("precedent"));
    QCoreApplication::setApplicationVersion(QStringLiteral(PRECEDENT_VERSION));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Precedent"));
    QGuiApplication::setDesktopFileName(QStringLiteral("precedent"));
    QGuiApplication::setWindowIcon(themedIcon(QStringLiteral("casebase"), Role::accent));

    QCommandLineParser parser;
    parser.setApplicationDescription(
        QApplication::translate("program", "Write safety codes, collect cases, train a model to reason over them."));
    parser.addPositionalArgument(
        QStringLiteral("casebase"), QApplication::translate("program", "The casebase to open"), QStringLiteral("[CASEBASE]"));
    const QCommandLineOption quickstart(
        QStringLiteral("quickstart"), QApplication::translate("program", "Open the sample casebase and run the quickstart on it"));
    parser.addOption(quickstart);
    parser.addHelpOption();
    parser.addVersionOption();
    if (!parser.parse(QCoreApplication::arguments()) || parser.positionalArguments().size() > 1) {
        const QString problem =
            parser.errorText().isEmpty() ? QApplication::translate("program", "At most one casebase can be opened.") : parser.errorText();
        std::fprintf(stderr, "precedent: %s\nSee precedent --help.\n", qPrintable(problem));
        return 2;
    }
    if (parser.isSet(QStringLiteral("help")))
        parser.showHelp(0);
    if (parser.isSet(QStringLiteral("version")))
        parser.showVersion();

    useProgramLook();
    MainWindow window;
    window.show();
    if (parser.isSet(quickstart))
        window.startQuickstart();
    else if (!parser.positionalArguments().isEmpty())
        window.openCasebase(QFileInfo(parser.positionalArguments().front()).absoluteFilePath().toStdString());
    else
        window.openLast();
    return QApplication::exec();
}

} // namespace precedent::ui
