#pragma once

#include <QLabel>

#include "ui/shell/theme.h"

namespace precedent::ui {

/// Text with links (`<a href="...">`) in the accent colour of the theme of the moment: a label's own links keep the colour
/// that they were made with. Links are reached by mouse and keyboard.
class LinkLabel final : public QLabel {
    Q_OBJECT
public:
    /// `words`: the colour of what is no link.
    explicit LinkLabel(const QString& html = {}, QWidget* parent = nullptr, Role words = Role::text);

    void setHtml(const QString& html);

private:
    void render();

    Role m_words;
    QString m_html;
};

} // namespace precedent::ui
