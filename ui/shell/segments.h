#pragma once

#include <QAbstractButton>
#include <QWidget>

class QButtonGroup;
class QHBoxLayout;

namespace precedent::ui {

/// Takes one button of an exclusive group, or none (null), and leaves Tab to it alone: Qt does that only once one was gone to.
void takeButton(QButtonGroup& group, QAbstractButton* button);

/// A few choices side by side in one frame, one of them taken. Tab goes to the taken one, arrows choose.
class Segments final : public QWidget {
    Q_OBJECT
public:
    explicit Segments(QWidget* parent = nullptr);

    /// `value` is what chosen() and setValue() speak of. The button's object name is this widget's with the value behind it.
    void add(const QString& value, const QString& words);
    /// Says nothing of it; a value that is none of ours leaves no segment taken.
    void setValue(const QString& value);
    [[nodiscard]] QString value() const;

Q_SIGNALS:
    void chosen(const QString& value); ///< by the user

private:
    QButtonGroup* m_group;
    QHBoxLayout* m_layout;
};

} // namespace precedent::ui
