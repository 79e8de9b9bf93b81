#pragma once

#include <QTextEdit>

namespace precedent::ui {

class CitationHighlighter;

/// Prose to be read: as high as its text, citations marked and one click from what they cite.
class ReadingText final : public QTextEdit {
    Q_OBJECT
public:
    /// `name`: the objectName. `accessible`: what it is, for those who do not see it.
    ReadingText(const char* name, const QString& accessible, QWidget* parent = nullptr);

    /// The program's prose, unlike setPlainText(), at the height of our lines.
    void setProse(const QString& text);
    /// Citations of ids that are not there, marked by a wave.
    void setUnknown(const QSet<QString>& ids);

Q_SIGNALS:
    void citationClicked(const QString& id);

protected:
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    [[nodiscard]] QString citationAt(const QPoint& at) const;

    CitationHighlighter* m_citations;
};

} // namespace precedent::ui
