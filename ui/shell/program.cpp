#include "precedent/ui/program.h"

#include <cstdio>
#include <optional>

#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>

#include "ui/shell/end_signals.h"
#include "ui/shell/icons.h"
#include "ui/shell/main_window.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

struct Arguments {
    QString casebase;
    bool quickstart = false;
    std::optional<int> exitCode; ///< set where there is nothing more to do
};

/// Help, version and mistakes are told on any machine, so this needs no display.
Arguments readArguments(int argc, char** argv)
{
    const QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QCoreApplication::translate("program", "Write safety codes, collect cases, train a model to reason over them."));
    parser.addPositionalArgument(
        QStringLiteral("casebase"), QCoreApplication::translate("program", "The casebase to open"), QStringLiteral("[CASEBASE]"));
    const QCommandLineOption quickstart(
        QStringLiteral("quickstart"), QCoreApplication::translate("program", "Open the sample casebase and run the quickstart on it"));
    parser.addOption(quickstart);
    parser.addHelpOption();
    parser.addVersionOption();
    Arguments arguments;
    if (!parser.parse(QCoreApplication::arguments()) || parser.positionalArguments().size() > 1) {
        const QString problem = parser.errorText().isEmpty() ? QCoreApplication::translate("program", "At most one casebase can be opened.")
                                                             : parser.errorText();
        std::fprintf(stderr, "precedent: %s\nSee precedent --help.\n", qPrintable(problem));
        arguments.exitCode = 2;
    } else if (parser.isSet(QStringLiteral("help"))) {
        std::fputs(qPrintable(parser.helpText()), stdout);
        arguments.exitCode = 0;
    } else if (parser.isSet(QStringLiteral("version"))) {
        std::printf("precedent %s\n", PRECEDENT_VERSION);
        arguments.exitCode = 0;
    }
    arguments.quickstart = parser.isSet(quickstart);
    if (!parser.positionalArguments().isEmpty())
        arguments.casebase = QFileInfo(parser.positionalArguments().front()).absoluteFilePath();
    return arguments;
}

bool hasDisplay()
{
    return qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY") ||
        qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
}

} // namespace

int runProgram(int argc, char** argv)
{
    QCoreApplication::setApplicationName(QStringLiteral("precedent"));
    QCoreApplication::setOrganizationName(QStringLiteral("precedent"));
    QCoreApplication::setApplicationVersion(QStringLiteral(PRECEDENT_VERSION));
    const Arguments arguments = readArguments(argc, argv);
    if (arguments.exitCode)
        return *arguments.exitCode;
    if (!hasDisplay()) {
        std::fputs(
            "precedent: there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set). Without one, use precedent-cli.\n", stderr);
        return 1;
    }
    QApplication application(argc, argv);
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Precedent"));
    QGuiApplication::setDesktopFileName(QStringLiteral("precedent"));

    useProgramLook();
    QGuiApplication::setWindowIcon(themedIcon(QStringLiteral("casebase"), Role::accent));
    MainWindow window;
    const EndSignals end;
    QObject::connect(&end, &EndSignals::asked, &window, &MainWindow::closeUnasked);
    window.show();
    if (arguments.quickstart)
        window.startQuickstart();
    else if (!arguments.casebase.isEmpty())
        window.openCasebase(arguments.casebase.toStdString());
    else
        window.openLast();
    return QApplication::exec();
}

} // namespace precedent::ui
