import '../ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { applyTheme } from '../ui/theme';
import { Words } from '../words/Words';
import { keepPage } from './offline/register';
import { Student } from './Student';

const root = document.getElementById('root');
if (!root) throw new Error('the page has no #root');
applyTheme();
createRoot(root).render(
  <StrictMode>
    <Words of={['common', 'ui', 'student']}>
      <Student />
    </Words>
  </StrictMode>,
);
keepPage();
