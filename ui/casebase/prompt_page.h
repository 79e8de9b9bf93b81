#pragma once

#include <QWidget>

#include <filesystem>

#include "precedent/base/domain.h"
#include "precedent/casebase/types.h"

class QButtonGroup;
class QLabel;
class QPlainTextEdit;

namespace precedent::ui {

/// What a model is given for a case's request in each mode, exactly as training renders it.
class PromptPage final : public QWidget {
    Q_OBJECT
public:
    explicit PromptPage(QWidget* parent = nullptr);

    /// Renders when the page is shown, not before.
    void setCase(const std::filesystem::path& casebase, const casebase::Case& value);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void render();
    void hideOrShow();

    std::filesystem::path m_casebase;
    casebase::Case m_case;
    bool m_stale = false;
    bool m_sensitive = false; ///< some case that it shows
    QString m_rendered;
    quint64 m_serial = 0;
    QButtonGroup* m_modes;
    QLabel* m_facts;
    QPlainTextEdit* m_text;
};

} // namespace precedent::ui
