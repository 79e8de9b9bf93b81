#pragma once

#include <QPointer>
#include <QWidget>

#include "precedent/casebase/types.h"
#include "ui/casebase/governs_field.h"

class QLabel;
class QPushButton;

namespace precedent::ui {

class CasebaseBridge;
class CitationHighlighter;
class TextField;

/// The texts of a case in fields, and the codes that govern it. Citations of the chain are checked as it is typed. What it does not
/// show of a case (earlier turns, source, tags) goes through it unchanged.
class CaseEditor final : public QWidget {
    Q_OBJECT
public:
    explicit CaseEditor(QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    void setCodes(const QVector<CodeName>& codes) { m_governs->setCodes(codes); }
    void setCase(const casebase::Case& value); ///< edited() stays silent
    [[nodiscard]] casebase::Case value() const;
    void setEditable(bool editable);
    void focusRequest();

Q_SIGNALS:
    void edited();
    void refused(const QString& why); ///< a text was not taken in

private:
    void build();
    void showSystem(bool shown);
    void checkCitations();
    [[nodiscard]] QLabel* label(const QString& words);

    QPointer<CasebaseBridge> m_casebase;
    casebase::Case m_base;
    bool m_filling = false;
    bool m_editable = true;
    QLabel* m_systemLabel;
    TextField* m_system;
    QPushButton* m_addSystem;
    QLabel* m_earlier;
    TextField* m_request;
    GovernsField* m_governs;
    QLabel* m_citations;
    TextField* m_chain;
    TextField* m_answer;
    TextField* m_notes;
    CitationHighlighter* m_highlighter;
};

} // namespace precedent::ui
