#include "ui/shell/type_scale.h"

#include <QApplication>
#include <QFontDatabase>

#include "ui/shell/preferences.h"
#include "ui/shell/style.h"
#include "ui/shell/theme.h"

// Outside any namespace, as the macro wants: a static library's resources are linked only where they are named.
static void initWindowResources() { Q_INIT_RESOURCE(window); }

namespace precedent::ui {
namespace {

constexpr int kBodyPixels = 13;
constexpr const char* kFamily = "Noto Sans";
constexpr const char* kMonospace = "Noto Sans Mono";

QFont scaled(double factor, QFont::Weight weight)
{
    QFont font = QApplication::font();
    font.setPixelSize(qRound(font.pixelSize() * factor));
    font.setWeight(weight);
    return font;
}

} // namespace

QFont bodyFont() { return QApplication::font(); }
QFont secondaryFont() { return scaled(0.86, QFont::Normal); }
QFont labelFont() { return scaled(0.86, QFont::DemiBold); }
QFont sectionFont() { return scaled(1.15, QFont::DemiBold); }
QFont pageFont() { return scaled(1.5, QFont::DemiBold); }

QFont monospaceFont()
{
    QFont font(QString::fromLatin1(kMonospace));
    font.setStyleHint(QFont::Monospace);
    font.setPixelSize(QApplication::font().pixelSize() - 1);
    return font;
}

bool useBundledFonts()
{
    bool all = true;
    for (const char* file : {"NotoSans-Regular", "NotoSans-Medium", "NotoSans-SemiBold", "NotoSansMono-Regular"})
        all = QFontDatabase::addApplicationFont(QStringLiteral(":/fonts/%1.ttf").arg(QLatin1String(file))) >= 0 && all;
    const bool own = all && !Preferences::instance().usesSystemFont();
    QFont font(own ? QString::fromLatin1(kFamily) : QApplication::font().family());
    font.setPixelSize(kBodyPixels);
    QApplication::setFont(font);
    return all;
}

void useProgramLook()
{
    initWindowResources();
    Preferences::instance().read();
    useBundledFonts();
    QApplication::setStyle(new Style);
    QApplication::setPalette(Theme::instance().palette());
}

} // namespace precedent::ui
