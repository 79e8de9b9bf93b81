#pragma once

#include <QSet>
#include <QSyntaxHighlighter>

namespace precedent::ui {

/// Marks citations ([S3], [S3.2-017], lists of them) in a chain or an answer: the selection's ground and monospace; one that is not
/// known gets a warning-coloured wave below. Until it is told what is known, all count as known.
class CitationHighlighter final : public QSyntaxHighlighter {
    Q_OBJECT
public:
    explicit CitationHighlighter(QTextDocument* document);

    void setUnknown(const QSet<QString>& ids);
    /// The ids cited in `text`, in order, each once.
    [[nodiscard]] static QStringList cited(const QString& text);
    /// The id whose brackets stand at `position` of `text`; empty if none does.
    [[nodiscard]] static QString citedAt(const QString& text, int position);

protected:
    void highlightBlock(const QString& text) override;

private:
    QSet<QString> m_unknown;
};

} // namespace precedent::ui
