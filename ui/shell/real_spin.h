#pragma once

#include <QDoubleSpinBox>

namespace precedent::ui {

/// As many digits as a number has: "0.2", "0.0001", "2e-07", in the locale's signs and without separators of thousands.
[[nodiscard]] QString numberText(double value, const QLocale& locale = {});

/// A spin box for numbers of any size: it shows as many digits as a number has (numberText()) and takes as many, exponents too.
/// With a single step of 0 an arrow doubles or halves.
class RealSpin final : public QDoubleSpinBox {
    Q_OBJECT
public:
    explicit RealSpin(QWidget* parent = nullptr);

    [[nodiscard]] QString textFromValue(double value) const override;
    [[nodiscard]] double valueFromText(const QString& text) const override;
    QValidator::State validate(QString& text, int& at) const override;
    void stepBy(int steps) override;
};

} // namespace precedent::ui
