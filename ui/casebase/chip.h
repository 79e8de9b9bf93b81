#pragma once

#include <QAbstractButton>

namespace precedent::ui {

/// A rounded word with a quiet one beside it ("code S3", "S3.2 decides") and, where it can be taken away, a cross at its end. A dashed
/// chip adds one ("+ facet"). The keyboard: Space or Return presses, Delete or Backspace removes.
class Chip final : public QAbstractButton {
    Q_OBJECT
public:
    enum class Kind { removable, fixed, adding };
    Chip(Kind kind, const QString& quietBefore, const QString& word, const QString& quietAfter, QWidget* parent = nullptr);

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override; ///< its words may be cut: its tooltip has them

Q_SIGNALS:
    void removeAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] int wordsWidth() const;

    Kind m_kind;
    QString m_before;
    QString m_word;
    QString m_after;
};

} // namespace precedent::ui
