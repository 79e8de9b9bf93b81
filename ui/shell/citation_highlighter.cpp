#include "ui/shell/citation_highlighter.h"

#include <QRegularExpression>

#include "precedent/text/citations.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

/// One bracket; what is in it is for text::findCitations() to say.
const QRegularExpression& bracket()
{
    static const QRegularExpression pattern(QStringLiteral("\\[[^\\[\\]]{1,200}\\]"));
    return pattern;
}

} // namespace

CitationHighlighter::CitationHighlighter(QTextDocument* document)
    : QSyntaxHighlighter(document)
{
    connect(&Theme::instance(), &Theme::changed, this, &QSyntaxHighlighter::rehighlight);
}

void CitationHighlighter::setUnknown(const QSet<QString>& ids)
{
    if (ids == m_unknown)
        return;
    m_unknown = ids;
    rehighlight();
}

QStringList CitationHighlighter::cited(const QString& text)
{
    QStringList ids;
    for (const std::string& id : text::findCitations(text.toStdString())) {
        const QString name = QString::fromStdString(id);
        if (!ids.contains(name))
            ids += name;
    }
    return ids;
}

QString CitationHighlighter::citedAt(const QString& text, int position)
{
    auto matches = bracket().globalMatch(text);
    while (matches.hasNext()) {
        const auto match = matches.next();
        if (position < match.capturedStart() || position >= match.capturedEnd())
            continue;
        // In a list of several, the one whose own letters are there.
        const QStringList ids = cited(match.captured());
        for (const QString& id : ids) {
            const auto at = match.capturedStart() + match.captured().indexOf(id);
            if (position >= at && position <= at + id.size())
                return id;
        }
        return ids.value(0);
    }
    return {};
}

void CitationHighlighter::highlightBlock(const QString& text)
{
    const Theme& theme = Theme::instance();
    auto matches = bracket().globalMatch(text);
    while (matches.hasNext()) {
        const auto match = matches.next();
        const QStringList ids = cited(match.captured());
        if (ids.isEmpty())
            continue;
        QTextCharFormat format;
        format.setFontFamilies({monospaceFont().family()});
        bool known = true;
        for (const QString& id : ids)
            known = known && !m_unknown.contains(id);
        if (known) {
            format.setBackground(theme.color(Role::selection));
        } else {
            format.setForeground(theme.color(Role::warning));
            format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
            format.setUnderlineColor(theme.color(Role::warning));
        }
        setFormat(static_cast<int>(match.capturedStart()), static_cast<int>(match.capturedLength()), format);
    }
}

} // namespace precedent::ui
