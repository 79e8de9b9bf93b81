#include "ui/casebase/text_field.h"

#include <algorithm>

#include <QAbstractTextDocumentLayout>
#include <QLocale>
#include <QMimeData>

namespace precedent::ui {
namespace {

constexpr int kLeastHeight = 44;

/// Without NUL and without halves of characters.
QString storable(const QString& text)
{
    QString clean;
    clean.reserve(text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text.at(i);
        if (c.isHighSurrogate() && i + 1 < text.size() && text.at(i + 1).isLowSurrogate()) {
            clean += c;
            clean += text.at(++i);
        } else if (!c.isSurrogate() && !c.isNull()) {
            clean += c;
        }
    }
    return clean;
}

} // namespace

TextField::TextField(const char* name, const QString& accessible, QWidget* parent)
    : QTextEdit(parent)
{
    setObjectName(QString::fromLatin1(name));
    setAccessibleName(accessible);
    setProperty("field", true);
    setAcceptRichText(false);
    setTabChangesFocus(true);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setAutoFillBackground(false); // the frame fills its rounded ground
    document()->setDocumentMargin(8);
    connect(document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this,
        [this](const QSizeF& size) { setFixedHeight(std::max(kLeastHeight, qRound(size.height()) + 4)); });
}

void TextField::setStored(const std::string& text)
{
    m_original = text;
    QString shown = QString::fromUtf8(text.data(), static_cast<qsizetype>(std::min(text.size(), static_cast<std::size_t>(kLongest))));
    if (isTooLong())
        shown = shown.left(kShownOfLonger) +
            tr("\n(The beginning; the whole has %L1 KB and is too long to edit here.)").arg(static_cast<qint64>(text.size() / 1024));
    setPlainText(storable(shown));
    m_shown = toPlainText();
    setEditable(m_editable);
}

std::string TextField::stored() const
{
    const QString now = toPlainText();
    return now == m_shown ? m_original : storable(now).toStdString();
}

void TextField::setEditable(bool editable)
{
    m_editable = editable;
    setReadOnly(!editable || isTooLong());
}

bool TextField::canInsertFromMimeData(const QMimeData* source) const
{
    return source->hasText() && !source->hasUrls(); // a file dropped here is the window's to take in
}

void TextField::insertFromMimeData(const QMimeData* source)
{
    const QString text = source->text();
    if (text.size() + document()->characterCount() > kLongest) {
        Q_EMIT refused(tr("That text has %L1 characters; a field takes up to %L2. Nothing was pasted. Import longer ones from a file.")
                           .arg(text.size())
                           .arg(kLongest));
        return;
    }
    insertPlainText(storable(text));
}

} // namespace precedent::ui
