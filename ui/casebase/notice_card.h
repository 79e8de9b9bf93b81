#pragma once

#include "ui/shell/card.h"

class QLabel;

namespace precedent::ui {

/// A sentence over what it is about, with links for what one can do about it. Hidden while it has nothing to say.
class NoticeCard final : public Card {
    Q_OBJECT
public:
    NoticeCard(const char* labelName, QWidget* parent = nullptr);

    /// What can be done: a word the user reads, and the key that chosen() brings.
    struct Way {
        QString word;
        QString key;
    };
    void say(const QString& sentence, const QVector<Way>& ways = {}); ///< plain text
    void clear();

Q_SIGNALS:
    void chosen(const QString& key);

private:
    QLabel* m_label;
    QString m_html;
};

} // namespace precedent::ui
