#pragma once

#include <QWidget>

#include <map>

class QLabel;
class QTextEdit;

namespace precedent::ui {

class CitationHighlighter;

/// The answers that are being written now: the first one's text as it grows, and how far the others of its group are.
/// Progress may be dropped on its way here; the stored rollout is whole.
class WritingPanel final : public QWidget {
    Q_OBJECT
public:
    explicit WritingPanel(QWidget* parent = nullptr);

    void setMostTokens(int tokens) { m_most = tokens; }
    void setSensitive(bool sensitive);
    void add(int step, int group, int index, const QString& text);
    void showIfChanged(); ///< once a frame
    void clear();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Answer {
        QString text;
        int tokens = 0;
    };
    int m_step = 0;
    int m_group = 0;
    int m_most = 128;
    bool m_changed = false;
    bool m_sensitive = false;
    std::map<int, Answer> m_answers; ///< of the group in view, by index
    QLabel* m_title;
    QLabel* m_where;
    QTextEdit* m_text;
    CitationHighlighter* m_citations;
};

} // namespace precedent::ui
