#include "ui/shell/real_spin.h"

#include <cmath>

#include <QRegularExpression>

namespace precedent::ui {
namespace {

constexpr int kDecimals = 12; // what the box rounds to; float noise of its own steps lies below

constexpr double kLeastWithoutExponent = 1e-5;
constexpr double kMostWithoutExponent = 1e9;

} // namespace

QString numberText(double value, const QLocale& locale)
{
    QLocale plain = locale;
    plain.setNumberOptions(QLocale::OmitGroupSeparator);
    const double size = std::abs(value);
    const bool plainly = size == 0 || (size >= kLeastWithoutExponent && size < kMostWithoutExponent);
    return plain.toString(value, plainly ? 'f' : 'g', QLocale::FloatingPointShortest);
}

RealSpin::RealSpin(QWidget* parent)
    : QDoubleSpinBox(parent)
{
    setDecimals(kDecimals);
    setAlignment(Qt::AlignRight);
}

QString RealSpin::textFromValue(double value) const { return numberText(value, locale()); }

double RealSpin::valueFromText(const QString& text) const { return locale().toDouble(text.trimmed()); }

QValidator::State RealSpin::validate(QString& text, int&) const
{
    bool known = false;
    const double value = locale().toDouble(text.trimmed(), &known);
    if (known && std::isfinite(value))
        return value >= minimum() && value <= maximum() ? QValidator::Acceptable : QValidator::Intermediate;
    static const QRegularExpression begun(QStringLiteral("^\\s*[-+]?[0-9.,]*([eE][-+]?[0-9]*)?\\s*$"));
    return begun.match(text).hasMatch() ? QValidator::Intermediate : QValidator::Invalid;
}

void RealSpin::stepBy(int steps)
{
    if (singleStep() > 0)
        QDoubleSpinBox::stepBy(steps);
    else
        setValue(value() * std::exp2(steps));
}

} // namespace precedent::ui
