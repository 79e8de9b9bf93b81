#include "ui/shell/reading_text.h"

#include <QAbstractTextDocumentLayout>
#include <QMouseEvent>
#include <QTextBlock>
#include <QWheelEvent>

#include "ui/shell/citation_highlighter.h"

namespace precedent::ui {
namespace {

constexpr int kLine = 20;

} // namespace

ReadingText::ReadingText(const char* name, const QString& accessible, QWidget* parent)
    : QTextEdit(parent)
    , m_citations(new CitationHighlighter(document()))
{
    setObjectName(QString::fromLatin1(name));
    setAccessibleName(accessible);
    setReadOnly(true);
    setFrameShape(QFrame::NoFrame);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setTabChangesFocus(true);
    document()->setDocumentMargin(0);
    viewport()->setMouseTracking(true);
    setFixedHeight(kLine);
    connect(document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this,
        [this](const QSizeF& size) { setFixedHeight(std::max(kLine, qRound(size.height()) + 2)); });
}

void ReadingText::setProse(const QString& text)
{
    if (text == toPlainText())
        return;
    setPlainText(text);
    QTextCursor all(document());
    all.select(QTextCursor::Document);
    QTextBlockFormat lines;
    lines.setLineHeight(kLine, QTextBlockFormat::FixedHeight);
    all.mergeBlockFormat(lines);
}

void ReadingText::setUnknown(const QSet<QString>& ids) { m_citations->setUnknown(ids); }

QString ReadingText::citationAt(const QPoint& at) const
{
    return CitationHighlighter::citedAt(toPlainText(), cursorForPosition(at).position());
}

void ReadingText::mouseMoveEvent(QMouseEvent* event)
{
    QTextEdit::mouseMoveEvent(event);
    viewport()->setCursor(citationAt(event->pos()).isEmpty() ? Qt::IBeamCursor : Qt::PointingHandCursor);
}

void ReadingText::mouseReleaseEvent(QMouseEvent* event)
{
    QTextEdit::mouseReleaseEvent(event);
    if (const QString id = citationAt(event->pos()); !id.isEmpty() && !textCursor().hasSelection())
        Q_EMIT citationClicked(id);
}

// It has no bar of its own: the page around it scrolls.
void ReadingText::wheelEvent(QWheelEvent* event) { event->ignore(); }

} // namespace precedent::ui
