#pragma once

#include <QWidget>

class QLabel;
class QPushButton;
class QToolButton;

namespace precedent::ui {

class ReadingText;
struct CellRow;

/// One judged answer to read: the request, the chain with its citations marked, the answer. Blurred until revealed where it is sensitive.
class AnswerView final : public QWidget {
    Q_OBJECT
public:
    explicit AnswerView(QWidget* parent = nullptr);

    void setRow(const CellRow* row, const QString& model); ///< null: nothing chosen

Q_SIGNALS:
    void inspectAsked();
    void citationClicked(const QString& id);

private:
    void follow();

    QLabel* m_id;
    QLabel* m_model;
    QToolButton* m_reveal;
    QPushButton* m_inspect;
    QLabel* m_none;
    QWidget* m_texts;
    ReadingText* m_request;
    ReadingText* m_chain;
    ReadingText* m_answer;
    bool m_sensitive = false;
};

} // namespace precedent::ui
