#pragma once

#include <vector>

#include <QDialog>
#include <QPointer>

#include "ui/evaluate/evaluation_reader.h"

class QGridLayout;
class QLabel;
class QProgressBar;
class QPushButton;
class QScrollArea;
class QStackedWidget;
class QToolButton;

namespace precedent::ui {

class CasebaseBridge;
class ReadingText;

/// Judges answers drawn at random without showing what the judge said, one after the other, each verdict stored at once; then says how far
/// the two agree. Closed early, the next one goes on where it was.
class CheckDialog final : public QDialog {
    Q_OBJECT
public:
    /// Of the rows that lie at `of`, called `name`.
    CheckDialog(CasebaseBridge& casebase, RowsOf of, const QString& name, QWidget* parent = nullptr);
    void done(int result) override; ///< tells the casebase's models what was added

private:
    [[nodiscard]] QWidget* buildQuestion();
    [[nodiscard]] QWidget* buildAgreement();
    void take(const Result<BlindRows>& rows);
    void ask(std::size_t at); ///< the answer at this place; past the last, how far the two agree
    void give(Verdict verdict);
    void readAgreement();
    void showAgreement(const BlindAgreement& agreement);
    void say(const Error& error);
    void follow();

    QPointer<CasebaseBridge> m_casebase;
    RowsOf m_of;
    BlindRows m_rows;
    std::size_t m_at = 0;
    bool m_added = false;
    QLabel* m_name;
    QLabel* m_count;
    QProgressBar* m_progress;
    QToolButton* m_reveal;
    QStackedWidget* m_pages;
    QWidget* m_texts = nullptr;
    QScrollArea* m_scroll = nullptr;
    ReadingText* m_request = nullptr;
    ReadingText* m_answer = nullptr;
    std::vector<QPushButton*> m_verdicts;
    QPushButton* m_back;
    QLabel* m_sentence = nullptr;
    QGridLayout* m_figures = nullptr;
    ReadingText* m_differences = nullptr;
};

} // namespace precedent::ui
